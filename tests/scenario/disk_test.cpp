// [[disk]]: what the machine is given, and errors with their places.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "kernel/entry.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/testbed/bundle.hpp"
#include "tests/scenario/test_catalogue.hpp"

namespace {

using namespace sim::testbed;
using kernel::abi::BundleHeader;
using kernel::abi::CellRecord;
using kernel::abi::DiskRecord;

class DiskTables : public testing::Test {
protected:
    void SetUp() override {
        std::ofstream{folder / "good.img"} << std::string(8192, 'x');
        std::ofstream{folder / "odd.img"} << std::string(5000, 'x');
    }

    std::optional<Scenario> read(const std::string& tables,
                                 std::vector<std::string> settings = {}) {
        Problems problems;
        auto scenario = parse_scenario("root = \"greet\"\n" + tables, "s.toml", catalogue,
                                       {std::move(settings), {}, folder.string()}, problems);
        errors = problems.text();
        return scenario;
    }
    // The bundle of all cells, which the kernel's own check accepts.
    std::vector<std::byte> bundle(const Scenario& scenario) {
        std::vector<std::uint32_t> all;
        for (std::uint32_t i = 0; i < scenario.cells.size(); ++i) all.push_back(i);
        auto blob = *make_bundle(scenario, all, {});
        EXPECT_EQ(kernel::bundle_check(blob.data(), blob.size()), nullptr);
        return blob;
    }
    template <class T>
    static T* at(std::vector<std::byte>& blob, std::uint64_t offset) {
        return reinterpret_cast<T*>(blob.data() + offset);
    }

    Catalogue catalogue = tests::test_catalogue();
    sim::host::file::TemporaryFolder temporary;
    std::filesystem::path folder = temporary.path();
    std::string errors;
};

TEST_F(DiskTables, SayAllThatAMachineNeeds) {
    const auto scenario = read(R"(
[[disk]]
size = "1 MiB"
[[disk]]
name = "files"
image = "good.img"
keep = true
lose_unflushed = true
model = "hdd"
service = { flush = 7 }
device = "nvme"
)");
    ASSERT_TRUE(scenario) << errors;
    const auto& disks = scenario->cells.at(0).machine.disks;
    ASSERT_EQ(disks.size(), 2u);
    EXPECT_EQ(disks[0].name, "disk0");
    EXPECT_EQ(disks[0].image, "");
    EXPECT_EQ(disks[0].bytes, 1u << 20);
    EXPECT_FALSE(disks[0].nvme || disks[0].keep || disks[0].lose_unflushed);
    EXPECT_EQ(disks[0].service.command, 0u);
    EXPECT_EQ(disks[1].name, "files");
    EXPECT_EQ(disks[1].image, (folder / "good.img").string());
    EXPECT_EQ(disks[1].bytes, 8192u);
    EXPECT_TRUE(disks[1].nvme && disks[1].keep && disks[1].lose_unflushed);
    EXPECT_EQ(disks[1].service.command, 1000u);
    EXPECT_EQ(disks[1].service.flush, 7u);
}

TEST_F(DiskTables, MistakesAreNamedWithTheirPlaces) {
    const auto wrong = [this](const std::string& table, const std::string& text) {
        EXPECT_FALSE(read("[[disk]]\n" + table)) << table;
        EXPECT_NE(errors.find("s.toml:"), std::string::npos) << errors;
        EXPECT_NE(errors.find(text), std::string::npos) << table << ": " << errors;
        EXPECT_EQ(errors.find('\n'), errors.size() - 1) << "one mistake, one error: " << errors;
    };
    wrong("model = \"hdd\"", "either \"size\" (blank) or \"image\"");
    wrong("size = \"1 MiB\"\nimage = \"good.img\"", "either \"size\" (blank) or \"image\"");
    wrong("size = 0", "\"size\"");
    wrong("size = true", "\"size\"");
    wrong("image = 3", "\"image\"");
    wrong("image = \"\"", "an empty path");
    wrong("image = \"none.img\"", "s.toml:3:9: error: unusable image: no such file: none.img");
    wrong("image = \"odd.img\"", "5000 bytes");
    wrong("image = \".\"", "no regular file");
    wrong("size = 4\nkeep = true", "of a blank disk");
    wrong("size = 4\nkeep = 1", "true or false");
    wrong("size = 4\nmodel = \"hd\"", "s.toml:4:9: error: unknown disk model \"hd\"");
    wrong("size = 4\ndevice = \"ide\"", "expected \"virtio\" or \"nvme\"");
    wrong("size = 4\nname = \"Big one\"", "is no name");
    wrong("size = 4\nspeed = 1", "speed");
    wrong("size = 4\nservice = { flush = -1 }", "flush");
    wrong("size = 4\nservice = { channels = 0 }", "contradict each other");
    wrong("size = 4\nservice = { rotation = 5 }", "contradict each other");
    wrong("size = 4\n[[disk]]\nsize = 4\nname = \"disk0\"", "a second disk called \"disk0\"");
    EXPECT_FALSE(read("disk = 5"));
    EXPECT_FALSE(read("disk = [5]"));
    std::string many;
    for (int i = 0; i < 9; ++i) many += "[[disk]]\nsize = 4\n";
    EXPECT_FALSE(read(many));
    EXPECT_NE(errors.find("s.toml:10:1: error: too many disks, expected at most 4"),
              std::string::npos)
        << errors;
}

TEST_F(DiskTables, ModelsAreAnAxis) {
    const std::string disk = "[[disk]]\nsize = 4\n";
    const auto expect_two = [this](const std::optional<Scenario>& scenario) {
        ASSERT_TRUE(scenario) << errors;
        ASSERT_EQ(scenario->cells.size(), 2u);
        EXPECT_EQ(scenario->cells[0].name, "disk.model=hdd");
        EXPECT_EQ(scenario->cells[0].machine.disks[0].service.command, 1000u);
        EXPECT_EQ(scenario->cells[1].machine.disks[0].service.command, 0u);
    };
    expect_two(read(disk + "[sweep]\ndisk.model = [\"hdd\", \"nvme\"]\n"));
    expect_two(read(disk, {"disk.model=hdd,nvme"}));
    EXPECT_EQ(read(disk, {"disk.model=hdd"})->cells.size(), 1u);
    EXPECT_EQ(read(disk, {"disk.size=9"})->cells[0].machine.disks[0].bytes, 9u * 4096);
    EXPECT_FALSE(read(disk, {"disk.model=tape,hdd"}));
    EXPECT_NE(errors.find("unknown disk model \"tape\""), std::string::npos) << errors;
    EXPECT_FALSE(read("", {"disk.model=hdd"}));
    EXPECT_FALSE(read("[sweep]\ndisk.model = [\"hdd\"]\n"));
}

TEST_F(DiskTables, SeveralCellsDoNotKeep) {
    EXPECT_FALSE(read("[[disk]]\nimage = \"good.img\"\nkeep = true\n", {"seed=1,2"}));
    EXPECT_NE(errors.find("expected a scenario of one cell"), std::string::npos) << errors;
}

TEST_F(DiskTables, TheBundleHasThemOnce) {
    const auto scenario = read("[[disk]]\nsize = 4\n[[disk]]\nsize = 8\n",
                               {"seed=1,2", "disk.model=hdd,nvme"});
    ASSERT_TRUE(scenario) << errors;
    auto blob = bundle(*scenario);
    const auto& header = *at<BundleHeader>(blob, 0);
    EXPECT_EQ(header.disk_count, 4u) << "two cells of each model share";
    for (std::uint32_t i = 0; i < header.cell_count; ++i) {
        const auto& cell = at<CellRecord>(blob, header.cells_offset)[i];
        ASSERT_EQ(cell.disk_count, 2u);
        const auto* disks = at<DiskRecord>(blob, disks_offset(header)) + cell.first_disk;
        EXPECT_STREQ(disks[0].name, "disk0");
        EXPECT_STREQ(disks[1].name, "disk1");
        const auto wanted = scenario->cells[i].machine.disks[0].service.command;
        EXPECT_EQ(disks[0].service.command, wanted);
    }
}

TEST_F(DiskTables, WithoutDisksTheBundleHasNoTrace) {
    const auto scenario = read("");
    auto blob = bundle(*scenario);
    const auto& header = *at<BundleHeader>(blob, 0);
    EXPECT_EQ(header.disk_count, 0u);
    EXPECT_EQ(at<CellRecord>(blob, header.cells_offset)->disk_count, 0u);
}

// What the kernel is told is not believed.
TEST_F(DiskTables, TheBundleCheckLooksAtAllOfIt) {
    const auto scenario = read("[[disk]]\nsize = 4\n");
    const auto good = bundle(*scenario);
    const auto refused = [&good](auto change) {
        auto blob = good;
        auto* header = at<BundleHeader>(blob, 0);
        auto* cell = at<CellRecord>(blob, header->cells_offset);
        auto* disk = at<DiskRecord>(blob, disks_offset(*header));
        change(*header, *cell, *disk);
        return kernel::bundle_check(blob.data(), blob.size()) != nullptr;
    };
    using H = BundleHeader;
    using C = CellRecord;
    using D = DiskRecord;
    EXPECT_FALSE(refused([](H&, C&, D&) {}));
    EXPECT_TRUE(refused([](H& header, C&, D&) { header.disk_count = 0; }));
    EXPECT_TRUE(refused([](H& header, C&, D&) { header.disk_count = 0xffff'ffff; }));
    EXPECT_TRUE(refused([](H& header, C&, D&) { header.disk_count = 4096; }));
    EXPECT_TRUE(refused([](H&, C& cell, D&) { cell.disk_count = 9; }));
    EXPECT_TRUE(refused([](H&, C& cell, D&) { cell.first_disk = 0xffff; }));
    EXPECT_TRUE(refused([](H&, C& cell, D&) { cell.first_disk = 1; }));
    EXPECT_TRUE(refused([](H&, C&, D& disk) { std::memset(disk.name, 'a', sizeof disk.name); }));
    EXPECT_TRUE(refused([](H&, C&, D& disk) { disk.service.channels = 0; }));
    EXPECT_TRUE(refused([](H&, C&, D& disk) { disk.service.channels = 65; }));
    EXPECT_TRUE(refused([](H&, C&, D& disk) { disk.service.flush = 1'000'000'001; }));
    EXPECT_TRUE(refused([](H&, C&, D& disk) { disk.service.rotation = 1; }));
    EXPECT_TRUE(refused([](H&, C&, D& disk) { disk.service.seek_full = 1; }));
}

}  // namespace

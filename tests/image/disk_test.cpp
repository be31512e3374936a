// Disks of the bare machine: found on PCI, written and read through their drivers.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/host/child/child.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/testbed/boot/iso.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "tests/image/test_bundle.hpp"

namespace {

using namespace tests::image;
using sim::testbed::boot::BareDisk;
using sim::testbed::boot::BareOptions;
using sim::testbed::boot::run_bare;

constexpr std::uint64_t block_bytes = 4096;
constexpr std::uint64_t blocks = 100;

class ImageDisk : public ::testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(image_path())) GTEST_SKIP() << "no image: " << image_path();
        options.image =
            (std::filesystem::path{image_path()}.parent_path() / "selftest.elf").string();
        options.command_line = "selftest=disk";
        options.log = folder.file("log");
        image = folder.file("disk,0");  // QEMU's own separator
        std::ofstream{image, std::ios::binary} << std::string(blocks * block_bytes, 'a');
    }

    // Runs the self-test on a machine with these disks; the serial line's text.
    std::string run(std::vector<BareDisk> disks) {
        const auto bundle = make_bundle({{.disks = static_cast<std::uint16_t>(disks.size())}},
                                        "wild", wild_program());
        options.disks = std::move(disks);
        const auto results = run_bare(bundle, options);
        EXPECT_TRUE(results) << results.error();
        if (results) {
            EXPECT_EQ(results->at(0).error, "");
        }
        std::stringstream log;
        log << std::ifstream{options.log}.rdbuf();
        return log.str();
    }

    std::string line(std::uint64_t disk, std::uint64_t its_blocks, std::uint64_t sum) const {
        std::ostringstream text;
        text << "selftest: disk " << disk << ": " << its_blocks << " blocks, the first sums to "
             << sum << ", ";
        return text.str();
    }

    // Block 0 as it was, behind it what the self-test writes.
    void expect_written() const {
        const auto bytes = read_file(image);
        ASSERT_EQ(bytes.size(), blocks * block_bytes);
        for (std::uint64_t i = 0; i < 33 * block_bytes; ++i) {
            const std::uint64_t block = i / block_bytes;
            ASSERT_EQ(static_cast<std::uint64_t>(bytes[i]), block == 0 ? 'a' : block % 251) << i;
        }
        EXPECT_EQ(bytes[40 * block_bytes], std::byte{'a'});
    }

    sim::host::file::TemporaryFolder folder;
    std::string image;
    BareOptions options;
};

TEST_F(ImageDisk, VirtioIsWrittenAndRead) {
    const std::string log = run({{.image = image, .keep = true}});
    EXPECT_NE(log.find(line(0, blocks, 'a' * block_bytes)), std::string::npos) << log;
    expect_written();
}

TEST_F(ImageDisk, NvmeIsWrittenAndRead) {
    const std::string log = run({{.image = image, .nvme = true, .keep = true}});
    EXPECT_NE(log.find(line(0, blocks, 'a' * block_bytes)), std::string::npos) << log;
    expect_written();
}

TEST_F(ImageDisk, BothClassesSideBySide) {
    const std::string log = run({{.bytes = 50 * block_bytes, .nvme = true},
                                 {.image = image},
                                 {.bytes = 60 * block_bytes, .nvme = true}});
    EXPECT_NE(log.find(line(0, 50, 0)), std::string::npos) << log;
    EXPECT_NE(log.find(line(1, blocks, 'a' * block_bytes)), std::string::npos) << log;
    EXPECT_NE(log.find(line(2, 60, 0)), std::string::npos) << log;
}

TEST_F(ImageDisk, AnOverlayLeavesItsImageAlone) {
    const auto before = read_file(image);
    const std::string log = run({{.image = image}});
    EXPECT_NE(log.find(line(0, blocks, 'a' * block_bytes)), std::string::npos) << log;
    EXPECT_EQ(read_file(image), before);
}

TEST_F(ImageDisk, SeveralAreNumberedAsGiven) {
    const std::string log =
        run({{.bytes = 50 * block_bytes}, {.image = image}, {.bytes = 70 * block_bytes}});
    EXPECT_NE(log.find(line(0, 50, 0)), std::string::npos) << log;
    EXPECT_NE(log.find(line(1, blocks, 'a' * block_bytes)), std::string::npos) << log;
    EXPECT_NE(log.find(line(2, 70, 0)), std::string::npos) << log;
}

TEST_F(ImageDisk, TheOldestMachineHasThemToo) {
    options.cpu = "qemu64";
    options.machine = "pc";
    EXPECT_NE(run({{.bytes = 50 * block_bytes}}).find(line(0, 50, 0)), std::string::npos);
}

// UEFI puts registers where no 32-bit address reaches, and has used the disks itself.
TEST_F(ImageDisk, UefiLeavesThemUsable) {
    options.firmware = "/usr/share/ovmf/OVMF.fd";
    if (!std::filesystem::exists(options.firmware)) GTEST_SKIP() << "no OVMF";
    const auto bundle = make_bundle({{.disks = 2}}, "wild", wild_program());
    options.iso = folder.file("chitin.iso");
    const auto made = sim::testbed::boot::make_iso(options.image, bundle, options.iso,
                                                   options.command_line);
    ASSERT_TRUE(made) << made.error();
    const std::string log = run({{.bytes = 50 * block_bytes},
                                 {.bytes = 60 * block_bytes, .nvme = true}});
    EXPECT_NE(log.find(line(0, 50, 0)), std::string::npos) << log;
    EXPECT_NE(log.find(line(1, 60, 0)), std::string::npos) << log;
}

TEST_F(ImageDisk, AMissingDiskIsSaid) {
    const auto bundle = make_bundle({{.disks = 2}}, "wild", wild_program());
    options.disks = {{.bytes = 50 * block_bytes}};
    const auto results = run_bare(bundle, options);
    ASSERT_FALSE(results);
    EXPECT_EQ(results.error(), "a cell has 2 disks, the machine was given 1");
}

}  // namespace

// Several cores: they start by every way of booting, run one cell together, keep to virtual
// time, and fail in good order.
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
using sim::testbed::boot::BareOptions;
using sim::testbed::boot::run_bare;

constexpr std::uint32_t frames_each = 512;

class ImageCores : public ::testing::Test {
protected:
    BareOptions options;

    void SetUp() override {
        if (!std::filesystem::exists(image_path())) GTEST_SKIP() << "no image: " << image_path();
        options.image = image_path();
    }

    static std::vector<std::byte> bundle_of(const std::vector<std::uint32_t>& cores,
                                            std::uint32_t latency = 1000) {
        std::vector<TestCell> cells;
        for (const std::uint32_t count : cores) {
            cells.push_back({.pool_frames = count * frames_each,
                             .cores = count,
                             .latency = latency});
        }
        return make_bundle(cells, "wild", wild_program());
    }

    // Runs cells of so many cores each: every core's root environment must end well.
    void expect_well(const std::vector<std::uint32_t>& cores) {
        const auto bundle = bundle_of(cores);
        if (!options.iso.empty()) {
            const auto made = sim::testbed::boot::make_iso(options.image, bundle, options.iso);
            ASSERT_TRUE(made) << made.error();
        }
        const auto results = run_bare(bundle, options);
        ASSERT_TRUE(results) << results.error();
        ASSERT_EQ(results->size(), cores.size());
        for (const auto& cell : *results) {
            SCOPED_TRACE(cell.cell);
            EXPECT_EQ(cell.error, "");
            EXPECT_EQ(cell.outcome.exit_code, 0u);
            EXPECT_EQ(cell.outcome.frames_lost, 0u);
            ASSERT_EQ(cell.envs.size(), cores[cell.cell]);
            for (std::uint32_t core = 0; core < cores[cell.cell]; ++core) {
                EXPECT_EQ(sim::engine::core_of(cell.envs[core]), core);
                EXPECT_EQ(cell.envs[core].info.exit_code, 0u);
            }
        }
    }

    // The first cell's error and all that was on the serial line, with a self-test on all cores.
    struct Said {
        std::string error, log;
    };
    Said selftest(const std::string& line, const std::vector<std::byte>& bundle) {
        const sim::host::file::TemporaryFolder folder;
        const std::filesystem::path shipped{options.image};
        options.image = (shipped.parent_path() / "selftest.elf").string();
        options.command_line = "selftest=" + line;
        options.log = folder.file("log");
        const auto results = run_bare(bundle, options);
        options.image = shipped.string();
        std::stringstream log;
        log << std::ifstream{options.log}.rdbuf();
        if (!results) return {results.error(), log.str()};
        return {results->empty() ? "no result" : (*results)[0].error, log.str()};
    }
};

TEST_F(ImageCores, OneTwoFourAndEight) { expect_well({1, 2, 4, 8, 1, 4}); }

TEST_F(ImageCores, MoreProcessorsThanAreWanted) {
    options.cores = 4;
    expect_well({2, 1, 2});
}

TEST_F(ImageCores, OnTheOldestProcessorAndMachine) {
    options.cpu = "qemu64";
    options.machine = "pc";
    expect_well({4, 4});
}

TEST_F(ImageCores, FromAnIsoUnderBiosAndUefi) {
    const sim::host::file::TemporaryFolder folder;
    options.iso = folder.file("chitin.iso");
    expect_well({4, 4});
    if (!std::filesystem::exists("/usr/share/ovmf/OVMF.fd")) GTEST_SKIP() << "no OVMF";
    options.firmware = "/usr/share/ovmf/OVMF.fd";
    expect_well({4, 4});
}

TEST_F(ImageCores, MoreThanThereAreIsSaid) {
    options.cores = 2;
    const auto results = run_bare(bundle_of({4}), options);
    ASSERT_TRUE(results && results->size() == 1);
    EXPECT_NE((*results)[0].error.find("this bundle needs 4 cores, the machine has 2"),
              std::string::npos)
        << (*results)[0].error;
}

TEST_F(ImageCores, APanicSaysOnWhichCore) {
    const std::string error = selftest("panic core=2", bundle_of({4})).error;
    EXPECT_NE(error.find("the kernel panicked: core 2: selftest: a panic"), std::string::npos)
        << error;
    EXPECT_NE(error.find("chitin_core_start+"), std::string::npos) << error;
}

TEST_F(ImageCores, AnOverflowOfAnotherCoresStackIsCaught) {
    const std::string error = selftest("stack core=3", bundle_of({4})).error;
    EXPECT_NE(error.find("core 3: trap in the kernel: double fault"), std::string::npos) << error;
    EXPECT_NE(error.find("overflow_stack"), std::string::npos) << error;
}

TEST_F(ImageCores, NothingIsWritableAndExecutableOnAnotherCore) {
    const Said said = selftest("wx core=1", bundle_of({2}));
    EXPECT_EQ(said.error, "");
    EXPECT_NE(said.log.find(" 0 writable and executable"), std::string::npos) << said.log;
}

// Thousands of messages: none late, no deadlock, and the same in every run and with every
// number of processors that share the host.
TEST_F(ImageCores, MessagesKeepToVirtualTime) {
    for (const std::uint32_t cores : {2u, 4u, 8u}) {
        for (const std::uint32_t latency : {1000u, 1u}) {
            SCOPED_TRACE(std::to_string(cores) + " cores, latency " + std::to_string(latency));
            std::string first;
            for (int run = 0; run < 2; ++run) {
                const Said said = selftest("cores", bundle_of({cores}, latency));
                ASSERT_EQ(said.error, "") << said.log;
                const std::size_t begin = said.log.find("selftest: cores: ");
                ASSERT_NE(begin, std::string::npos) << said.log;
                const std::string line = said.log.substr(begin, said.log.find('\n', begin) - begin);
                if (run == 0) first = line;
                EXPECT_EQ(line, first);
            }
        }
    }
}

}  // namespace

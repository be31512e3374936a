// Program probe: every wrong call, on both machines, with nothing lost and nothing changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/testbed/boot/run_bare.hpp"
#include "sim/testbed/disks/cell_disks.hpp"
#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

// Looking after every event takes long; a prime stride meets every kind of call.
constexpr std::uint64_t probe_stride = 61;
constexpr std::uint64_t probe_cores_stride = 97;

std::string text_of(const sim::engine::CellResult& result) {
    std::string all = result.error;
    for (const auto& env : result.envs) {
        for (const auto& line : env.results) all += line + "\n";
        all += env.text;
    }
    return all;
}

// Runs it with a look at all memory after every `stride`-th event.
void finds_nothing(const std::string& scenario, std::uint64_t stride) {
    sim::engine::CellResult result;
    EXPECT_EQ(conservation_of(scenario, stride, result), "");
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.exit_code, 0u) << text_of(result);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
}

TEST(Probe, FindsNothingOnTheHostedMachineAndConservesEverything) {
    finds_nothing("probe.toml", probe_stride);
}

TEST(Probe, AsTheRootEnvironmentItLeavesNothingBehind) {
    finds_nothing("probe_root.toml", probe_stride);
}

TEST(Probe, OfOtherCoresLosesNothingAndConservesEverything) {
    finds_nothing("probe_cores.toml", probe_cores_stride);
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    return {first, first + bytes.size()};
}

// Every program the image has, init first: it is the root where a scenario names none.
std::vector<sim::testbed::ProgramFile> programs_in(const std::filesystem::path& folder) {
    std::vector<sim::testbed::ProgramFile> programs;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        programs.push_back({entry.path().stem().string(), read_file(entry.path())});
    }
    std::ranges::sort(programs, {}, &sim::testbed::ProgramFile::name);
    return programs;
}

class OnTheImage : public testing::TestWithParam<const char*> {};

TEST_P(OnTheImage, SameHistoryAsHosted) {
    const std::string scenario = GetParam();
    const char* given = std::getenv("CHITIN_IMAGE");
    const std::filesystem::path folder =
        given != nullptr ? std::filesystem::path{given}.parent_path() : CHITIN_IMAGE_FOLDER;
    if (!std::filesystem::exists(folder / "programs" / "probe.elf")) {
        ASSERT_EQ(given, nullptr) << "CHITIN_IMAGE is set, and there are no programs beside it";
        GTEST_SKIP() << "no image: ./chitin build image";
    }
    const auto programs = programs_in(folder / "programs");
    sim::testbed::boot::BareOptions options;
    options.image = (folder / "chitin.elf").string();
    options.cell_seconds_max = 60;
    options.disks = sim::testbed::disks::bare_disks(machine_of(scenario),
                                                    sim::testbed::disks::Keeping::never);
    const auto bare = sim::testbed::boot::run_bare(bundle_of(scenario, false, programs), options);
    ASSERT_TRUE(bare) << bare.error();
    ASSERT_EQ(bare->size(), 1u);
    const auto& image = bare->front();
    EXPECT_EQ(image.error, "");
    EXPECT_EQ(image.outcome.exit_code, 0u) << text_of(image);
    EXPECT_EQ(image.outcome.frames_lost, 0u);

    const auto hosted = run(scenario, {});
    EXPECT_EQ(image.outcome.time_ns, hosted.outcome.time_ns);
    ASSERT_EQ(image.envs.size(), hosted.envs.size());
    for (std::size_t i = 0; i < hosted.envs.size(); ++i) {
        EXPECT_EQ(image.envs[i].info.history_hash, hosted.envs[i].info.history_hash)
            << "environment " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, OnTheImage,
                         testing::Values("hello.toml", "cow.toml", "squeeze.toml", "slices.toml",
                                         "exchange.toml", "exchange_cores.toml", "shares.toml",
                                         "hierarchy.toml", "realtime.toml", "reservation.toml",
                                         "threads.toml", "cores.toml", "mixed.toml",
                                         "multikernel.toml", "servers.toml", "probe.toml",
                                         "probe_root.toml", "probe_cores.toml",
                                         "probe_turns.toml", "probe_ends.toml", "churn.toml",
                                         "predicate.toml", "disk_probe.toml",
                                         "shared_disk.toml", "tree_probe.toml",
                                         "shared_tree.toml", "sequential.toml", "mail.toml",
                                         "database.toml", "allocation.toml", "commit.toml"),
                         [](const auto& given) {
                             std::string name = given.param;
                             return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace tests::adversary

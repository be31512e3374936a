// The calls and requests, by the program that makes all of them wrongly.
#include <gtest/gtest.h>

#include "tests/unit/disk_kernel/disk_cell.hpp"

namespace tests::disk_kernel {
namespace {

const CellOptions probe{.envs = {{"root", "disk_probe"}}};

TEST(DiskCalls, EveryWrongOneFailsAsDocumented) {
    expect_well(run(probe, blank(1024)));
}

TEST(DiskCalls, TheyDoOnADiskWithAnArm) {
    kernel::abi::ServiceProfile arm = profile();
    arm.channels = 1;
    arm.settle = 1'000'000;
    arm.seek_knee = 5'000'000;
    arm.seek_full = 12'000'000;
    arm.knee_permille = 333;
    arm.rotation = 8'333'333;
    arm.track_blocks = 100;
    arm.cache_blocks = 0;
    expect_well(run({.envs = probe.envs, .service = arm}, blank(1024), false));
}

// Core 0's kernel has frames for its disks, other cores' have none: their root environments lie at
// other places in their parts.
TEST(DiskCalls, CoresReachEachOtherBesideADisk) {
    const CellRun two = run({.envs = {{"client", "exchange", "messages=20\ntransfers=20\n"},
                                      {"server", "exchange", "messages=20\ntransfers=20\n", 1}}},
                            blank(1024));
    expect_well(two);
    ASSERT_EQ(two.result.envs.size(), 2u);
    for (const auto& env : two.result.envs) EXPECT_EQ(env.info.exit_code, 0u);
}

TEST(DiskCalls, OneCellGivesOneHistory) {
    const auto first = run(probe, blank(1024), false);
    const auto second = run(probe, blank(1024), false);
    ASSERT_EQ(first.result.envs.size(), second.result.envs.size());
    ASSERT_GT(first.result.envs.size(), 4u);
    for (std::size_t i = 0; i < first.result.envs.size(); ++i) {
        EXPECT_EQ(first.result.envs[i].info.history_hash, second.result.envs[i].info.history_hash);
    }
    EXPECT_EQ(first.result.outcome.time_ns, second.result.outcome.time_ns);
}

}  // namespace
}  // namespace tests::disk_kernel

// How long a disk takes: each part of the profile shows, and nothing else does.
#include "kernel/disk/service.hpp"

#include <gtest/gtest.h>

namespace kernel::disk {
namespace {

constexpr std::uint32_t blocks = 10'000;

abi::ServiceProfile still() {
    abi::ServiceProfile profile{};
    profile.command = 100;
    profile.read_access = 20;
    profile.write_access = 30;
    profile.read_block = 3;
    profile.write_block = 5;
    profile.channels = 1;
    profile.flush = 1000;
    return profile;
}

abi::ServiceProfile moving() {
    abi::ServiceProfile profile = still();
    profile.settle = 1000;
    profile.seek_knee = 4000;
    profile.seek_full = 10'000;
    profile.knee_permille = 300;
    profile.track_blocks = 10;
    return profile;
}

std::uint64_t took(Service& service, std::uint64_t now, DiskOp op, std::uint32_t block,
                   std::uint32_t count) {
    return service.start(Instant{now}, op, block, count).value - now;
}

TEST(DiskService, ARequestIsItsCommandItsAccessAndItsBlocks) {
    Service service{still(), blocks};
    EXPECT_EQ(took(service, 7, DiskOp::read, 50, 4), 100u + 20 + 4 * 3);
    EXPECT_EQ(took(service, 7, DiskOp::write, 5000, 2), 100u + 30 + 2 * 5);
    EXPECT_EQ(took(service, 7, DiskOp::write_fua, 1, 8), 100u + 30 + 8 * 5);
    EXPECT_EQ(took(service, 7, DiskOp::flush, 0, 0), 100u + 1000);
}

TEST(DiskService, ASeekIsLinearBetweenThreePoints) {
    const std::uint64_t flat = 100 + 20 + 3;
    const auto seek = [&](std::uint32_t to) {
        Service service{moving(), blocks};
        return took(service, 0, DiskOp::read, to, 1) - flat;
    };
    EXPECT_EQ(seek(0), 0u);
    EXPECT_EQ(seek(9), 0u) << "the same track";
    EXPECT_EQ(seek(1500), 1000u + 3000 * 1500 / 3000);
    EXPECT_EQ(seek(3000), 4000u);
    EXPECT_EQ(seek(6500), 4000u + 6000 * 3500 / 7000);
    for (std::uint32_t to = 11; to < blocks; ++to) ASSERT_LE(seek(to - 1), seek(to));
}

TEST(DiskService, WhatFollowsNeedsNoSeek) {
    Service service{moving(), blocks};
    took(service, 0, DiskOp::read, 5000, 8);
    EXPECT_EQ(took(service, 0, DiskOp::read, 5008, 1), 100u + 20 + 3);
    EXPECT_GT(took(service, 0, DiskOp::read, 5000, 1), 100u + 20 + 3 - 1);
}

TEST(DiskService, ABlockIsWaitedForAtMostOneTurn) {
    abi::ServiceProfile profile = still();
    profile.rotation = 8000;
    profile.track_blocks = 10;
    for (std::uint64_t now = 0; now < 20'000; now += 137) {
        Service service{profile, blocks};
        const std::uint64_t waited = took(service, now, DiskOp::read, 13, 1) - 123;
        EXPECT_LT(waited, 8000u);
        EXPECT_EQ((now + 100 + waited) % 8000, 3u * 800);
    }
}

TEST(DiskService, ACacheTakesWritesUntilItIsFull) {
    abi::ServiceProfile profile = still();
    profile.cache_blocks = 16;
    profile.cache_block = 1;
    Service service{profile, blocks};
    EXPECT_EQ(took(service, 0, DiskOp::write, 0, 8), 108u);
    // The medium is behind by 30 + 40 each, of which 16 * 5 fit: these wait for the rest.
    EXPECT_EQ(took(service, 0, DiskOp::write, 8, 8), 108u + 2 * 70 - 80);
    EXPECT_EQ(took(service, 0, DiskOp::write, 16, 8), 108u + 3 * 70 - 80);
    // All of it is on the medium when a flush is done.
    EXPECT_EQ(took(service, 0, DiskOp::flush, 0, 0), 108u + 3 * 70 + 1000);
    EXPECT_EQ(took(service, 100'000, DiskOp::flush, 0, 0), 1100u);
}

TEST(DiskService, DurableWritesDoNotGoByTheCache) {
    abi::ServiceProfile profile = still();
    profile.cache_blocks = 1000;
    Service service{profile, blocks};
    EXPECT_EQ(took(service, 0, DiskOp::write_fua, 0, 4), 100u + 30 + 20);
    EXPECT_EQ(took(service, 0, DiskOp::write, 0, 4), 100u);
}

TEST(DiskService, TheSameCallsGiveTheSameTimes) {
    Service one{moving(), blocks};
    Service two{moving(), blocks};
    std::uint64_t now = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const auto op = static_cast<DiskOp>(i % 4);
        const Instant done = one.start(Instant{now}, op, i * 7919 % blocks, 1 + i % 8);
        ASSERT_EQ(two.start(Instant{now}, op, i * 7919 % blocks, 1 + i % 8), done);
        ASSERT_GE(done.value, now + 100);
        now += i % 5 * 100;
    }
}

}  // namespace
}  // namespace kernel::disk

// Disks that nobody of ours wrote: bytes changed at random, checksums made to match. Every call
// ends, and none of them trips an assertion or a sanitizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "libos/fs/checksum.hpp"
#include "libos/fs/log/log.hpp"
#include "sim/testbed/crash/picture.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/fs_model/hostile_use.hpp"
#include "tests/unit/fs_model/memory_device.hpp"

namespace tests::fs_log {
namespace {

using fs_model::MemoryDevice;
using libos::fs::load;
using libos::fs::store;
using libos::fs::log::block_bytes;
using libos::fs::log::CheckReport;
using libos::fs::log::Geometry;
using libos::fs::log::Log;
using libos::fs::log::Problem;
using sim::testbed::crash::take_picture;

constexpr std::uint64_t device_bytes = 4u << 20;
constexpr Geometry geometry = Geometry::of(device_bytes / block_bytes);

std::vector<std::byte> memory_of() {
    return std::vector<std::byte>(Log::check_memory_needed(device_bytes / block_bytes, 64));
}

// Commits without a checkpoint come last, so that recovery has work.
MemoryDevice populated() {
    MemoryDevice device{4096, device_bytes / 4096};
    std::vector<std::byte> memory = memory_of();
    EXPECT_TRUE(Log::format(device, memory));
    Log fs{device, memory};
    EXPECT_TRUE(fs.mount());
    fs_model::populate(fs, {.bytes = 9'000, .far_offset = 4'200'000, .synced_after = 40});
    EXPECT_TRUE(fs.fsync(fs.root(), false));
    return device;
}

// Makes a checksum match again: of a superblock and a region at byte 8, else at byte 4.
void seal(std::vector<std::byte>& image, std::uint64_t block) {
    auto bytes = std::span{image}.subspan(block * block_bytes, block_bytes);
    if (block >= geometry.first && block != geometry.blocks - 1) {
        return libos::fs::log::seal_block(bytes);
    }
    if (block == 0 || block == geometry.blocks - 1) {
        bytes = bytes.first(sizeof(libos::fs::log::Superblock));
    } else {
        const std::uint64_t region = (block - 1) / geometry.region_blocks;
        bytes = std::span{image}.subspan((1 + region * geometry.region_blocks) * block_bytes,
                                         geometry.region_blocks * block_bytes);
    }
    store(bytes, 8, std::uint32_t{0});
    store(bytes, 8, libos::fs::checksum(bytes));
}

bool metadata(std::span<const std::byte> block) {
    const auto magic = load<std::uint32_t>(block);
    return (magic & 0xffff'ff00) == libos::fs::log::block_magic ||
           magic == libos::fs::log::summary_magic ||
           load<std::uint64_t>(block) == libos::fs::log::superblock_magic ||
           load<std::uint64_t>(block) == libos::fs::log::region_magic;
}

void damage(std::vector<std::byte>& image, std::mt19937_64& random) {
    std::vector<std::uint64_t> candidates;
    for (std::uint64_t b = 0; b < geometry.blocks; ++b) {
        if (metadata(std::span{image}.subspan(b * block_bytes, block_bytes))) {
            candidates.push_back(b);
        }
    }
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
        const std::uint64_t block = candidates[random() % candidates.size()];
        const auto bytes = std::span{image}.subspan(block * block_bytes, block_bytes);
        // The heads lie in front.
        const std::size_t reach = random() % 2 == 0 ? 250 : block_bytes;
        for (std::uint64_t m = 1 + random() % 3; m > 0; --m) {
            const std::size_t at = random() % reach;
            const bool word = random() % 3 == 0 && at + 4 <= block_bytes;
            // Some numbers are addresses and lengths that there are.
            const auto small = static_cast<std::uint32_t>(random() % 1100);
            if (word) store(bytes, at & ~std::size_t{3}, small);
            else bytes[at] = static_cast<std::byte>(random());
        }
        if (random() % 8 != 0) seal(image, block);
    }
}

TEST(LogHostile, NoDiskCrashesOrHangs) {
    const MemoryDevice clean = populated();
    const std::uint64_t seeds = fs_model::effort(300, 30'000);
    std::vector<std::byte> memory = memory_of();
    std::uint64_t mounted = 0;
    std::uint64_t found = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        MemoryDevice device = clean;
        damage(device.bytes(), random);
        MemoryDevice copy = device;
        CheckReport report;
        found += Log::check(copy, memory, report, false) && report.problems == 0 ? 0 : 1;
        static_cast<void>(Log::check(copy, memory, report, true));
        Log fs{device, memory,
               {static_cast<libos::fs::log::Cleaning>(random() %
                                                      libos::fs::log::cleaning_names.size())}};
        if (!fs.mount()) continue;
        ++mounted;
        static_cast<void>(take_picture(fs));
        fs_model::use(fs, random,
                      {.calls = 100, .offset_max = 5'000'000, .attribute_bytes = 500});
    }
    EXPECT_GT(mounted, seeds / 10);
    EXPECT_GT(found, seeds / 10);
}

// What was repaired checks clean, mounts and can be read.
TEST(LogHostile, WhatIsRepairedIsClean) {
    const MemoryDevice clean = populated();
    std::vector<std::byte> memory = memory_of();
    std::uint64_t repaired = 0;
    for (std::uint64_t seed = 1; seed <= fs_model::effort(300, 4000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        MemoryDevice device = clean;
        damage(device.bytes(), random);
        CheckReport report;
        if (!Log::check(device, memory, report, true) || report.problems == 0) continue;
        if (report.repaired < report.problems) continue;
        ++repaired;
        CheckReport again;
        ASSERT_TRUE(Log::check(device, memory, again, false));
        EXPECT_EQ(again.problems, 0u) << describe(again.findings[0].problem) << " after "
                                      << describe(report.findings[0].problem);
        Log fs{device, memory};
        const auto mounted = fs.mount();
        EXPECT_TRUE(mounted) << static_cast<int>(mounted.error());
        const auto picture = take_picture(fs);
        // A damaged size may be one that a file can have.
        EXPECT_TRUE(picture || picture.error().error == libos::fs::Error::file_too_big)
            << picture.error().path << ": error " << static_cast<int>(picture.error().error);
    }
    EXPECT_GT(repaired, 5u);
}

TEST(LogHostile, ACleanDiskChecksClean) {
    MemoryDevice device = populated();
    std::vector<std::byte> memory = memory_of();
    CheckReport report;
    ASSERT_TRUE(Log::check(device, memory, report, false));
    EXPECT_EQ(report.problems, 0u) << describe(report.findings[0].problem);
    EXPECT_GT(report.files, 60u);
    EXPECT_GT(report.data_blocks, 150u);
}

// One changed byte of data is found by the check, and by no other thing.
TEST(LogHostile, ChangedDataAreFound) {
    MemoryDevice device = populated();
    std::vector<std::byte> memory = memory_of();
    {
        Log fs{device, memory};
        ASSERT_TRUE(fs.mount());
        ASSERT_TRUE(fs.create(fs.root(), "x", {}));
        ASSERT_TRUE(fs.unmount());
    }
    std::uint64_t changed = 0;
    for (std::size_t b = 0; b < device.bytes().size(); b += block_bytes) {
        const auto block = std::span{device.bytes()}.subspan(b, block_bytes);
        if (load<std::uint64_t>(block) != 0x7878787878787878) continue;
        block[100] = std::byte{'y'};
        ++changed;
    }
    CheckReport report;
    ASSERT_TRUE(Log::check(device, memory, report, false));
    EXPECT_GT(changed, 100u);
    EXPECT_GT(report.problems, 100u);
    EXPECT_EQ(report.findings[0].problem, Problem::data_damaged);
    EXPECT_EQ(report.repaired, 0u);
}

// The newest commits are damaged: a repair gives them up, and the checkpoint before them is there.
TEST(LogHostile, ARepairGoesBackToTheCheckpoint) {
    MemoryDevice device{4096, device_bytes / 4096};
    std::vector<std::byte> memory = memory_of();
    ASSERT_TRUE(Log::format(device, memory));
    {
        Log fs{device, memory};
        ASSERT_TRUE(fs.mount());
        ASSERT_TRUE(fs.create(fs.root(), "before", {}));
        ASSERT_TRUE(fs.sync());
        const auto file = fs.create(fs.root(), "after", {});
        ASSERT_TRUE(file);
        ASSERT_TRUE(fs.set_attributes(*file, {.has_owner = true, .user = 77'777'777}));
        ASSERT_TRUE(fs.fsync(*file, false));
    }
    // Its inode in the log says that it has six names; all checksums are right.
    std::uint32_t damaged = 0;
    for (std::uint32_t b = geometry.first; b < geometry.blocks - 1; ++b) {
        const auto block = std::span{device.bytes()}.subspan(std::size_t{b} * block_bytes,
                                                             block_bytes);
        auto node = load<libos::fs::log::Inode4k>(block);
        if (node.head.magic != libos::fs::log::block_magic + 1 || node.user != 77'777'777) continue;
        node.links = 6;
        store(block, 0, node);
        libos::fs::log::seal_block(block);
        for (std::uint32_t s = b - 1;; --s) {
            const auto summary = std::span{device.bytes()}.subspan(std::size_t{s} * block_bytes,
                                                                   block_bytes);
            if (load<std::uint32_t>(summary) != libos::fs::log::summary_magic) continue;
            const std::size_t entry = sizeof(libos::fs::log::SummaryHead) +
                                      (b - s - 1) * sizeof(libos::fs::log::SummaryEntry);
            store(summary, entry + 16, libos::fs::checksum(block));
            libos::fs::log::seal_block(summary);
            ++damaged;
            break;
        }
    }
    ASSERT_EQ(damaged, 1u);
    CheckReport report;
    ASSERT_TRUE(Log::check(device, memory, report, false));
    ASSERT_GT(report.problems, 0u);
    EXPECT_EQ(report.findings[0].problem, Problem::link_count_wrong);
    ASSERT_TRUE(Log::check(device, memory, report, true));
    EXPECT_EQ(report.findings[0].problem, Problem::rolled_back);
    EXPECT_EQ(report.repaired, report.problems);
    ASSERT_TRUE(Log::check(device, memory, report, false));
    EXPECT_EQ(report.problems, 0u);
    Log fs{device, memory};
    ASSERT_TRUE(fs.mount());
    EXPECT_TRUE(fs.lookup(fs.root(), "before"));
    EXPECT_EQ(fs.lookup(fs.root(), "after").error(), libos::fs::Error::no_entry);
}

// One block of which cannot be read.
struct LosingDevice : MemoryDevice {
    using MemoryDevice::MemoryDevice;
    std::uint64_t lost = ~std::uint64_t{0};

    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        if (lost >= first && lost - first < into.size() / block_size()) {
            return libos::fs::error(libos::fs::Error::io);
        }
        return MemoryDevice::read(first, into);
    }
};

// A commit that was promised may lie there: no mount goes back in silence, and a repair keeps what
// was committed before it.
TEST(LogHostile, AnUnreadableBlockIsNotTheEndOfTheLog) {
    LosingDevice device{4096, device_bytes / 4096};
    std::vector<std::byte> memory = memory_of();
    ASSERT_TRUE(Log::format(device, memory));
    std::vector<std::byte> before;
    {
        Log fs{device, memory};
        ASSERT_TRUE(fs.mount());
        ASSERT_TRUE(fs.sync());
        ASSERT_TRUE(fs.fsync(*fs.create(fs.root(), "first", {}), false));
        before = device.bytes();
        ASSERT_TRUE(fs.fsync(*fs.create(fs.root(), "second", {}), false));
    }
    const auto changed = std::ranges::mismatch(before, device.bytes());
    device.lost = static_cast<std::uint64_t>(changed.in1 - before.begin()) / block_bytes;
    {
        Log fs{device, memory};
        EXPECT_EQ(fs.mount().error(), libos::fs::Error::io);
    }
    CheckReport report;
    EXPECT_EQ(Log::check(device, memory, report, false).error(), libos::fs::Error::io);
    ASSERT_TRUE(Log::check(device, memory, report, true));
    EXPECT_EQ(report.findings[0].problem, Problem::rolled_back);
    Log fs{device, memory};
    ASSERT_TRUE(fs.mount());
    EXPECT_TRUE(fs.lookup(fs.root(), "first"));
    EXPECT_EQ(fs.lookup(fs.root(), "second").error(), libos::fs::Error::no_entry);
}

}  // namespace
}  // namespace tests::fs_log

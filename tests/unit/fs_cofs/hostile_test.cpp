// Disks that nobody of ours wrote: bytes changed at random, checksums made to match. Every call
// ends, and none of them trips an assertion or a sanitizer.
#include <gtest/gtest.h>

#include <random>

#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/checksum.hpp"
#include "libos/fs/cofs/store/node.hpp"
#include "sim/testbed/crash/picture.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/fs_model/hostile_use.hpp"
#include "tests/unit/fs_model/memory_device.hpp"

namespace tests::fs_cofs {
namespace {

using fs_model::MemoryDevice;
using libos::fs::cofs::block_bytes;
using libos::fs::cofs::CheckReport;
using libos::fs::checksum;
using libos::fs::cofs::Cofs;
using libos::fs::cofs::Node;
using sim::testbed::crash::take_picture;

constexpr std::uint64_t device_bytes = 4u << 20;

std::vector<std::byte> memory_of() {
    return std::vector<std::byte>(Cofs::check_memory_needed(device_bytes / 4096, 64));
}

MemoryDevice populated() {
    MemoryDevice device{4096, device_bytes / 4096};
    std::vector<std::byte> memory = memory_of();
    EXPECT_TRUE(Cofs::format(device, memory));
    Cofs fs{device, memory};
    EXPECT_TRUE(fs.mount());
    fs_model::populate(fs, {.bytes = 30'000});
    EXPECT_TRUE(fs.sync());
    return device;
}

std::uint32_t word(std::span<const std::byte> bytes, std::size_t at) {
    return libos::fs::cofs::load<std::uint32_t>(bytes, at);
}

// Makes the checksum of a block match again, whatever the block is.
void seal(std::span<std::byte> block) {
    constexpr std::uint32_t node_magic = 0x444e4643;
    constexpr std::uint32_t map_magic = 0x504d4643;
    if (word(block, 0) == node_magic) return Node{block}.seal();
    if (word(block, 0) == map_magic) {
        libos::fs::cofs::store(block, 4, std::uint32_t{0});
        libos::fs::cofs::store(block, 4, checksum(block));
        return;
    }
    libos::fs::cofs::store(block, 8, std::uint32_t{0});
    libos::fs::cofs::store(block, 8,
                           checksum(block.first(sizeof(libos::fs::cofs::Superblock))));
}

bool metadata(std::span<const std::byte> block) {
    const std::uint32_t magic = word(block, 0);
    return magic == 0x444e4643 || magic == 0x504d4643 ||
           libos::fs::cofs::load<std::uint64_t>(block) == libos::fs::cofs::superblock_magic;
}

void damage(std::vector<std::byte>& image, std::mt19937_64& random) {
    const std::uint64_t blocks = image.size() / block_bytes;
    std::vector<std::uint64_t> candidates;
    for (std::uint64_t b = 0; b < blocks; ++b) {
        if (metadata(std::span{image}.subspan(b * block_bytes, block_bytes))) {
            candidates.push_back(b);
        }
    }
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
        const std::uint64_t block = candidates[random() % candidates.size()];
        const auto bytes = std::span{image}.subspan(block * block_bytes, block_bytes);
        // The heads and slots lie in front.
        const std::size_t reach = random() % 2 == 0 ? 100 : block_bytes;
        for (std::uint64_t m = 1 + random() % 3; m > 0; --m) {
            bytes[random() % reach] = static_cast<std::byte>(random());
        }
        if (random() % 8 != 0) seal(bytes);
    }
}

TEST(CofsHostile, NoDiskCrashesOrHangs) {
    const MemoryDevice clean = populated();
    const std::uint64_t seeds = fs_model::effort(200, 20'000);
    std::vector<std::byte> memory = memory_of();
    std::uint64_t mounted = 0;
    std::uint64_t refused = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        MemoryDevice device = clean;
        damage(device.bytes(), random);
        MemoryDevice copy = device;
        CheckReport report;
        static_cast<void>(Cofs::check(copy, memory, report, false));
        static_cast<void>(Cofs::check(copy, memory, report, true));
        Cofs fs{device, memory};
        if (!fs.mount()) {
            ++refused;
            continue;
        }
        ++mounted;
        static_cast<void>(take_picture(fs));
        fs_model::use(fs, random,
                      {.calls = 60, .offset_max = 400'000, .attribute_bytes = 9000});
    }
    EXPECT_GT(mounted, seeds / 10);
    EXPECT_GT(refused, seeds / 10);
}

// What was repaired checks clean, mounts and can be read.
TEST(CofsHostile, WhatIsRepairedIsClean) {
    const MemoryDevice clean = populated();
    std::vector<std::byte> memory = memory_of();
    std::uint64_t repaired = 0;
    for (std::uint64_t seed = 1; seed <= fs_model::effort(200, 2000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        MemoryDevice device = clean;
        damage(device.bytes(), random);
        CheckReport report;
        if (!Cofs::check(device, memory, report, true) || report.problems == 0) continue;
        if (report.repaired < report.problems) continue;
        ++repaired;
        CheckReport again;
        ASSERT_TRUE(Cofs::check(device, memory, again, false));
        EXPECT_EQ(again.problems, 0u)
            << libos::fs::cofs::describe(again.findings[0].problem) << " of "
            << again.findings[0].inode << " after "
            << libos::fs::cofs::describe(report.findings[0].problem);
        Cofs fs{device, memory};
        const auto mounted = fs.mount();
        EXPECT_TRUE(mounted) << static_cast<int>(mounted.error());
        const auto picture = take_picture(fs);
        // A damaged size may be one that a file can have.
        EXPECT_TRUE(picture || picture.error().error == libos::fs::Error::file_too_big)
            << picture.error().path << ": error " << static_cast<int>(picture.error().error);
    }
    EXPECT_GT(repaired, 2u);
}

TEST(CofsHostile, ACleanDiskChecksClean) {
    MemoryDevice device = populated();
    std::vector<std::byte> memory = memory_of();
    CheckReport report;
    ASSERT_TRUE(Cofs::check(device, memory, report, false));
    EXPECT_EQ(report.problems, 0u) << libos::fs::cofs::describe(report.findings[0].problem);
    EXPECT_GT(report.files, 60u);
    EXPECT_GT(report.data_blocks, 400u);
}

// Every node below the root, damaged one at a time: a repair gives it up, and the rest is there.
TEST(CofsHostile, ADamagedNodeCostsWhatLayBelowIt) {
    const MemoryDevice clean = populated();
    std::vector<std::byte> memory = memory_of();
    int repaired = 0;
    for (std::uint64_t b = 0; b < device_bytes / block_bytes; ++b) {
        MemoryDevice device = clean;
        const auto block = std::span{device.bytes()}.subspan(b * block_bytes, block_bytes);
        if (word(block, 0) != 0x444e4643) continue;
        SCOPED_TRACE("block " + std::to_string(b));
        block[100] ^= std::byte{1};
        CheckReport report;
        ASSERT_TRUE(Cofs::check(device, memory, report, true));
        if (report.problems == 0 || report.repaired < report.problems) continue;
        ++repaired;
        ASSERT_TRUE(Cofs::check(device, memory, report, false));
        EXPECT_EQ(report.problems, 0u)
            << libos::fs::cofs::describe(report.findings[0].problem);
        Cofs fs{device, memory};
        ASSERT_TRUE(fs.mount());
        EXPECT_TRUE(take_picture(fs));
        EXPECT_TRUE(fs.create(fs.root(), "new", {}));
        EXPECT_TRUE(fs.unmount());
    }
    EXPECT_GT(repaired, 5);
}

// One changed byte of a file's data is Error::io, not other data.
TEST(CofsHostile, ChangedDataAreAnError) {
    MemoryDevice device = populated();
    std::vector<std::byte> memory = memory_of();
    for (std::size_t b = 0; b < device.bytes().size(); b += block_bytes) {
        const auto block = std::span{device.bytes()}.subspan(b, block_bytes);
        if (word(block, 0) == 0x78787878) block[100] = std::byte{'y'};
    }
    CheckReport report;
    ASSERT_TRUE(Cofs::check(device, memory, report, false));
    EXPECT_GT(report.problems, 300u);
    EXPECT_EQ(report.findings[0].problem, libos::fs::cofs::Problem::data_damaged);
    Cofs fs{device, memory};
    ASSERT_TRUE(fs.mount());
    std::vector<std::byte> data(block_bytes);
    EXPECT_EQ(fs.read(*fs.lookup(fs.root(), "file0"), 0, data).error(), libos::fs::Error::io);
}

}  // namespace
}  // namespace tests::fs_cofs

// cofs and log under each policy of each family, beside the reference; and their crashes.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/log/log.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/fs_model/memory_device.hpp"
#include "tests/unit/fs_model/random_calls.hpp"

namespace {

namespace fs = libos::fs;
namespace choice = libos::fs::choice;
using tests::fs_model::effort;
using tests::fs_model::Features;
using tests::fs_model::MemoryDevice;
using tests::fs_model::RandomCalls;
using tests::fs_model::Reference;

constexpr std::uint32_t block_size = 4096;
constexpr std::uint64_t disk_blocks = 16 << 8;  // 16 MiB

template <class Fs, class Report, class Options>
void agrees(const Options& options, std::string_view name, std::uint32_t cached) {
    MemoryDevice device{block_size, disk_blocks};
    std::vector<std::byte> memory(Fs::memory_needed(disk_blocks, cached));
    ASSERT_TRUE(Fs::format(device, memory));
    Fs mounted{device, memory, options};
    Reference reference;
    ASSERT_TRUE(mounted.mount());
    RandomCalls walk{mounted, reference, 7, Features{.file_max = 200'000}};
    const std::uint64_t calls = effort(1500, 20'000);
    for (std::uint64_t i = 1; i <= calls; ++i) {
        mounted.set_time({static_cast<std::int64_t>(i), 0});
        ASSERT_TRUE(walk.step()) << name << ": " << walk.failure();
        if (i % 500 == 0) {
            ASSERT_TRUE(walk.remount()) << name << ": " << walk.failure();
            ASSERT_TRUE(walk.compare()) << name << ": " << walk.failure();
        }
    }
    ASSERT_TRUE(mounted.unmount());
    std::vector<std::byte> check_memory(Fs::check_memory_needed(disk_blocks));
    Report report;
    ASSERT_TRUE(Fs::check(device, check_memory, report, false)) << name;
    EXPECT_EQ(report.problems, 0u) << name;
}

void cofs_agrees(const fs::cofs::MountOptions& options, std::string_view name,
                 std::uint32_t cached = 160) {
    agrees<fs::cofs::Cofs, fs::cofs::CheckReport>(options, name, cached);
}

void log_agrees(const choice::CacheChoices& cache, std::string_view name) {
    agrees<fs::log::Log, fs::log::CheckReport>(fs::log::MountOptions{.cache = cache}, name, 64);
}

TEST(CofsChoices, AgreesUnderEveryReplacement) {
    for (choice::Index i = 0; i < libos::policy::AnyReplacement::names().size(); ++i) {
        // The smallest cache: what is pinned is often the policy's victim.
        cofs_agrees({.cache = {.replacement = i}}, libos::policy::AnyReplacement::names()[i], 64);
    }
}

TEST(CofsChoices, AgreesUnderEveryWriteBack) {
    for (choice::Index i = 0; i < choice::WriteBacks::size; ++i) {
        cofs_agrees({.cache = {.write_back = i}}, choice::WriteBacks::texts[i].name);
    }
}

TEST(CofsChoices, AgreesUnderEveryReadAhead) {
    for (choice::Index i = 0; i < choice::ReadAheads::size; ++i) {
        cofs_agrees({.cache = {.read_ahead = i}}, choice::ReadAheads::texts[i].name);
    }
}

TEST(CofsChoices, AgreesUnderEveryAllocation) {
    for (choice::Index i = 0; i < choice::Allocations::size; ++i) {
        cofs_agrees({.allocation = i}, choice::Allocations::texts[i].name);
    }
}

TEST(LogChoices, AgreesUnderEveryReplacementAndReadAhead) {
    for (choice::Index i = 0; i < libos::policy::AnyReplacement::names().size(); ++i) {
        log_agrees({.replacement = i}, libos::policy::AnyReplacement::names()[i]);
    }
    for (choice::Index i = 0; i < choice::ReadAheads::size; ++i) {
        log_agrees({.read_ahead = i}, choice::ReadAheads::texts[i].name);
    }
}

// Where what was written lies on the device tells the policies apart.
TEST(CofsChoices, AllocationsPutFilesInDifferentPlaces) {
    std::set<std::vector<std::byte>> images;
    for (choice::Index i = 0; i < choice::Allocations::size; ++i) {
        MemoryDevice device{block_size, disk_blocks};
        std::vector<std::byte> memory(fs::cofs::Cofs::memory_needed(disk_blocks));
        ASSERT_TRUE(fs::cofs::Cofs::format(device, memory));
        fs::cofs::Cofs mounted{device, memory, {.allocation = i}};
        ASSERT_TRUE(mounted.mount());
        std::mt19937_64 random{3};
        for (int d = 0; d < 4; ++d) {
            const auto directory =
                *mounted.make_directory(mounted.root(), "d" + std::to_string(d), {});
            for (int f = 0; f < 12; ++f) {
                const auto file = *mounted.create(directory, "f" + std::to_string(f), {});
                const std::vector<std::byte> bytes(1 + random() % 60'000, std::byte{1});
                ASSERT_TRUE(mounted.write(file, 0, bytes));
                if (f % 2 == 1) {
                    ASSERT_TRUE(mounted.unlink(directory, "f" + std::to_string(f - 1)));
                }
                ASSERT_TRUE(mounted.sync());
            }
        }
        ASSERT_TRUE(mounted.unmount());
        images.insert(device.bytes());
    }
    EXPECT_GE(images.size(), choice::Allocations::size - 1) << "two may agree by chance";
}

// Reads of the device while one page is written again and again, durably, among others that are
// read once. Each time it moves to another block.
template <class Fs, class Options>
std::uint64_t reads_around_a_hot_page(std::string_view replacement) {
    constexpr std::uint64_t cold_pages = 1000;
    MemoryDevice device{block_size, disk_blocks};
    std::vector<std::byte> memory(Fs::memory_needed(disk_blocks, 64));
    EXPECT_TRUE(Fs::format(device, memory));
    choice::CacheChoices cache{.read_ahead = 0};  // none
    cache.replacement = libos::policy::AnyReplacement::find(replacement).value();
    Fs mounted{device, memory, Options{.cache = cache}};
    EXPECT_TRUE(mounted.mount());
    const auto file = *mounted.create(mounted.root(), "f", {});
    EXPECT_TRUE(mounted.write(file, 0, std::vector<std::byte>((cold_pages + 1) * block_size)));
    EXPECT_TRUE(mounted.sync());
    std::vector<std::byte> some(100);
    const std::uint64_t before = device.reads();
    for (std::uint64_t page = 1; page <= cold_pages; ++page) {
        EXPECT_TRUE(mounted.read(file, page * block_size, some));
        if (page % 8 != 0) continue;
        EXPECT_TRUE(mounted.write(file, 50, some));
        EXPECT_TRUE(mounted.fsync(file, false));
    }
    return device.reads() - before;
}

template <class Fs, class Options>
void expect_pages_with_a_past() {
    const std::uint64_t fifo = reads_around_a_hot_page<Fs, Options>("fifo");
    EXPECT_LT((reads_around_a_hot_page<Fs, Options>("lru")), fifo);
    EXPECT_LT((reads_around_a_hot_page<Fs, Options>("lfu")), fifo);
}

TEST(CofsChoices, AWrittenPageKeepsItsPastWhereverItMoves) {
    expect_pages_with_a_past<fs::cofs::Cofs, fs::cofs::MountOptions>();
}

TEST(LogChoices, AWrittenPageKeepsItsPastWhereverItMoves) {
    expect_pages_with_a_past<fs::log::Log, fs::log::MountOptions>();
}

}  // namespace

// What cleaning costs: Rosenblum and Ousterhout's write cost (1992, 3.4 to 3.6) of each policy, by
// utilisation and pattern, on the file system itself. Prints a table:
//   CHITIN_LONG=1 fs_log_tests --gtest_filter='LogCleaning.*'
#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <vector>

#include "libos/fs/log/log.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/fs_model/memory_device.hpp"

namespace tests::fs_log {
namespace {

using fs_model::MemoryDevice;
using libos::fs::Inode;
using libos::fs::log::block_bytes;
using libos::fs::log::Cleaning;
using libos::fs::log::cleaning_names;
using libos::fs::log::Geometry;
using libos::fs::log::Log;

constexpr std::uint32_t blocks = 8192;  // 32 MiB
constexpr Geometry geometry = Geometry::of(blocks);

struct Pattern {
    const char* name;
    std::uint32_t hot_percent;       ///< of the blocks ...
    std::uint32_t hot_write_percent; ///< ... get so many of the writes
};
constexpr Pattern uniform{"uniform", 100, 100};
constexpr Pattern hot_and_cold{"hot-and-cold", 10, 90};

// Blocks that move for each block that a caller writes: written, and read by the cleaner. A log
// that is never cleaned has 1 and a little, less where a block is written again before it left.
double write_cost(Cleaning cleaning, const Pattern& pattern, std::uint32_t percent_used) {
    MemoryDevice device{block_bytes, blocks};
    std::vector<std::byte> memory(Log::memory_needed(blocks, 256));
    EXPECT_TRUE(Log::format(device, memory));
    Log fs{device, memory, {cleaning}};
    EXPECT_TRUE(fs.mount());
    const Inode file = fs.create(fs.root(), "file", {}).value();
    const std::uint64_t used =
        std::uint64_t{geometry.segments} * geometry.segment_blocks * percent_used / 100;
    const std::vector<std::byte> data(block_bytes, std::byte{'x'});
    for (std::uint64_t b = 0; b < used; ++b) {
        EXPECT_TRUE(fs.write(file, b * block_bytes, data));
    }
    std::mt19937_64 random{1};
    const std::uint64_t hot = used * pattern.hot_percent / 100;
    const auto overwrite = [&](std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            const bool to_hot = hot == used || random() % 100 < pattern.hot_write_percent;
            const std::uint64_t b =
                to_hot ? random() % hot : hot + random() % (used - hot);
            ASSERT_TRUE(fs.write(file, b * block_bytes, data));
        }
    };
    // First until it is steady.
    overwrite(6 * used);
    const auto before = fs.statistics();
    const std::uint64_t count = 3 * used;
    overwrite(count);
    const auto after = fs.statistics();
    const std::uint64_t moved = after.written - before.written + after.cleaner_read -
                                before.cleaner_read;
    return static_cast<double>(moved) / static_cast<double>(count);
}

TEST(LogCleaning, FullerDisksCostMore) {
    if (CHITIN_SANITIZED) GTEST_SKIP() << "skipped: takes too long under a sanitizer";
    const bool all = fs_model::effort(0, 1) != 0;
    const std::vector<std::uint32_t> utilisations =
        all ? std::vector<std::uint32_t>{20, 40, 60, 70} : std::vector<std::uint32_t>{30, 70};
    const std::vector<Pattern> patterns =
        all ? std::vector{uniform, hot_and_cold} : std::vector{hot_and_cold};
    std::printf("write cost by utilisation, segments of %u KiB\n",
                geometry.segment_blocks * block_bytes / 1024);
    std::printf("%-14s %-14s", "policy", "pattern");
    for (const std::uint32_t u : utilisations) std::printf("%6u%%", u);
    std::printf("\n");
    for (const Pattern& pattern : patterns) {
        double at_most_used[cleaning_names.size()] = {};
        for (std::size_t c = 0; c < cleaning_names.size(); ++c) {
            std::printf("%-14s %-14s", std::string{cleaning_names[c]}.c_str(), pattern.name);
            double last = 1;
            for (const std::uint32_t u : utilisations) {
                const double cost = write_cost(static_cast<Cleaning>(c), pattern, u);
                std::printf("%7.2f", cost);
                EXPECT_GT(cost, last - 0.2) << cleaning_names[c] << " at " << u << "%";
                last = cost;
            }
            std::printf("\n");
            at_most_used[c] = last;
        }
        const auto of = [&](Cleaning c) { return at_most_used[static_cast<std::size_t>(c)]; };
        EXPECT_LT(of(Cleaning::greedy), of(Cleaning::random)) << "no choice is better than one";
        EXPECT_GT(of(Cleaning::greedy), 1.5) << "hardly anything was cleaned";
        if (pattern.hot_percent == 100) continue;
        EXPECT_LT(of(Cleaning::cost_benefit), of(Cleaning::greedy)) << "what 3.6 is for";
    }
}

// Blocks of one large file in no order, as many as there are three quarters of: each block that
// moves shares its indirect block with others that do, or cleaning gains nothing.
TEST(LogCleaning, AFullDiskCanBeOverwrittenInAnyOrder) {
    if (CHITIN_SANITIZED) GTEST_SKIP() << "skipped: takes too long under a sanitizer";
    constexpr std::uint32_t many = 32768;  // 128 MiB, segments of 1 MiB
    for (const Cleaning cleaning : {Cleaning::greedy, Cleaning::cost_benefit}) {
        SCOPED_TRACE(cleaning_names[static_cast<std::size_t>(cleaning)]);
        MemoryDevice device{block_bytes, many};
        std::vector<std::byte> memory(Log::memory_needed(many, 256));
        ASSERT_TRUE(Log::format(device, memory));
        Log fs{device, memory, {cleaning}};
        ASSERT_TRUE(fs.mount());
        const Inode file = fs.create(fs.root(), "file", {}).value();
        const std::vector<std::byte> data(block_bytes, std::byte{'x'});
        std::uint64_t used = 0;
        while (fs.write(file, used * block_bytes, data)) ++used;
        ASSERT_GT(used, many * 3 / 4);
        std::mt19937_64 random{1};
        const std::uint64_t count = fs_model::effort(30'000, 300'000);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto done = fs.write(file, random() % used * block_bytes, data);
            ASSERT_TRUE(done) << "after " << i << " writes: error "
                              << static_cast<int>(done.error());
        }
    }
}

}  // namespace
}  // namespace tests::fs_log

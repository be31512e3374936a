// The block cache under each write-back and read-ahead policy: nothing is lost, bounds are kept.
#include <gtest/gtest.h>

#include <random>

#include "libos/fs/cache/block_cache.hpp"
#include "sim/testbed/fs/memory_device.hpp"

namespace {

using namespace libos::fs::choice;
using libos::fs::cache::BlockCache;
using sim::testbed::fs::MemoryDevice;

constexpr std::uint32_t block_size = 512;
constexpr std::uint32_t slots = 64;
constexpr std::uint64_t blocks = 1000;
constexpr std::uint64_t second = 1'000'000'000;

struct Bench {
    using Cache = BlockCache<MemoryDevice, libos::policy::AnyReplacement, AnyWriteBack,
                             AnyReadAhead>;
    explicit Bench(const CacheChoices& choices) : cache{device, arena, slots, choices} {
        for (std::uint64_t b = 0; b < blocks; ++b) {
            device.bytes()[b * block_size] = static_cast<std::byte>(b * 7);
        }
    }
    void change(std::uint64_t block, std::uint8_t value) {
        const auto bytes = cache.change(block);
        ASSERT_TRUE(bytes);
        (*bytes)[0] = std::byte{value};
    }
    [[nodiscard]] std::byte on_device(std::uint64_t block) const {
        return device.bytes()[block * block_size];
    }
    // Reads [first, last) once, and compares.
    void scan(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t b = first; b < last; ++b) {
            ASSERT_EQ((*cache.read(b))[0], static_cast<std::byte>(b * 7)) << b;
        }
    }

    MemoryDevice device{blocks, block_size};
    std::vector<std::byte> memory = std::vector<std::byte>(Cache::bytes(slots, block_size));
    kernel::base::Arena arena{memory};
    Cache cache;
};

Index named_write_back(std::string_view name) { return *WriteBacks::find(name); }
Index named_read_ahead(std::string_view name) { return *ReadAheads::find(name); }

TEST(Cache, KeepsWhatWasWrittenUnderEveryPairOfPolicies) {
    for (Index w = 0; w < WriteBacks::size; ++w) {
        for (Index r = 0; r < ReadAheads::size; ++r) {
            Bench bench{{.write_back = w, .read_ahead = r}};
            std::vector<std::byte> truth(blocks);
            for (std::uint64_t b = 0; b < blocks; ++b) truth[b] = bench.on_device(b);
            std::mt19937_64 random{w * 10u + r};
            std::uint64_t at = 0;
            for (int step = 0; step < 6000; ++step) {
                bench.cache.set_time(static_cast<std::uint64_t>(step) * second / 10);
                at = random() % 3 == 0 ? random() % blocks : (at + 1) % blocks;
                if (random() % 3 == 0) {
                    truth[at] = static_cast<std::byte>(random());
                    bench.change(at, static_cast<std::uint8_t>(truth[at]));
                } else {
                    ASSERT_EQ((*bench.cache.read(at))[0], truth[at])
                        << WriteBacks::texts[w].name << " " << ReadAheads::texts[r].name;
                }
            }
            ASSERT_TRUE(bench.cache.flush());
            for (std::uint64_t b = 0; b < blocks; ++b) ASSERT_EQ(bench.on_device(b), truth[b]);
        }
    }
}

TEST(Cache, AFailingDeviceLosesNothingUnderAnyWriteBack) {
    for (Index w = 0; w < WriteBacks::size; ++w) {
        Bench bench{{.write_back = w, .read_ahead = named_read_ahead("doubling")}};
        std::vector<std::byte> truth(blocks);
        for (std::uint64_t b = 0; b < blocks; ++b) truth[b] = bench.on_device(b);
        std::mt19937_64 random{w};
        int failed = 0;
        for (int step = 0; step < 3000; ++step) {
            bench.cache.set_time(static_cast<std::uint64_t>(step) * second);
            const std::uint64_t at = random() % 150;
            if (step % 50 == 0) bench.device.fail_write_after(random() % 5);
            if (step % 50 == 25) bench.device.fail_read_after(random() % 5);
            const auto bytes = bench.cache.change(at);
            failed += bytes ? 0 : 1;
            if (!bytes) continue;
            ASSERT_EQ((*bytes)[0], truth[at]) << WriteBacks::texts[w].name << " step " << step;
            (*bytes)[0] = truth[at] = static_cast<std::byte>(random());
        }
        bench.device.fail_write_after(MemoryDevice::never);
        ASSERT_TRUE(bench.cache.flush());
        for (std::uint64_t b = 0; b < blocks; ++b) ASSERT_EQ(bench.on_device(b), truth[b]);
        EXPECT_GT(failed, 5);
    }
}

TEST(WriteBack, AtSyncWritesNothingBefore) {
    Bench bench{{.write_back = named_write_back("at-sync"),
                 .read_ahead = named_read_ahead("none")}};
    for (std::uint64_t b = 0; b < slots; ++b) bench.change(b, 1);
    bench.cache.set_time(1000 * second);
    (void)bench.cache.read(3);
    EXPECT_EQ(bench.device.writes(), 0u);
    ASSERT_TRUE(bench.cache.flush());
    EXPECT_EQ(bench.device.writes(), slots / (slots / 4)) << "in runs of a quarter of the cache";
}

TEST(WriteBack, ThroughWritesEachChangeBeforeTheNextCall) {
    Bench bench{{.write_back = named_write_back("through")}};
    for (std::uint8_t i = 1; i < 20; ++i) {
        bench.change(i * 3u, i);
        (void)bench.cache.read(500);
        EXPECT_EQ(bench.on_device(i * 3u), std::byte{i});
        EXPECT_EQ(bench.device.writes(), i);
    }
}

TEST(WriteBack, MarksBoundWhatIsDirty) {
    for (const char* name : {"high-water", "elevator"}) {
        Bench bench{{.write_back = named_write_back(name)}};
        const std::uint64_t high = slots * 40 / 100;
        for (std::uint64_t i = 0; i <= high; ++i) bench.change((i * 37) % 200, 9);
        EXPECT_EQ(bench.device.writes(), 0u) << name << ": not above the mark before";
        (void)bench.cache.read(0);
        std::uint64_t written = 0;
        for (std::uint64_t b = 0; b < 200; ++b) written += bench.on_device(b) == std::byte{9};
        EXPECT_GE(written, high + 1 - slots * 20 / 100) << name;
        EXPECT_LE(written, high + 1 - slots * 20 / 100 + slots / 4) << name << ": and no more";
    }
}

TEST(WriteBack, AnElevatorWritesUpwardsAndNeighboursAtOnce) {
    Bench bench{{.write_back = named_write_back("elevator"),
                 .settings = {.high_percent = 10, .low_percent = 0}}};
    for (const std::uint64_t b : {40, 10, 12, 11, 41, 90, 42}) bench.change(b, 9);
    (void)bench.cache.read(500);
    EXPECT_EQ(bench.device.writes(), 3u) << "10-12, 40-42, 90";
    Bench by_age{{.write_back = named_write_back("high-water"),
                  .settings = {.high_percent = 10, .low_percent = 0}}};
    for (const std::uint64_t b : {40, 10, 12, 11, 41, 90, 42}) by_age.change(b, 9);
    (void)by_age.cache.read(500);
    EXPECT_EQ(by_age.device.writes(), 7u);
}

TEST(WriteBack, UpdateWritesAllOfItEveryThirtySeconds) {
    Bench bench{{.write_back = named_write_back("update")}};
    bench.cache.set_time(10 * second);
    bench.change(1, 9);
    bench.cache.set_time(29 * second);
    bench.change(5, 9);
    (void)bench.cache.read(0);
    EXPECT_EQ(bench.device.writes(), 0u);
    bench.cache.set_time(31 * second);
    (void)bench.cache.read(0);
    EXPECT_EQ(bench.device.writes(), 2u);
    bench.change(7, 9);
    bench.cache.set_time(60 * second);
    (void)bench.cache.read(0);
    EXPECT_EQ(bench.device.writes(), 2u) << "29 seconds since";
}

TEST(WriteBack, AgedWritesEachBlockAfterThirtySeconds) {
    Bench bench{{.write_back = named_write_back("aged")}};
    bench.cache.set_time(10 * second);
    bench.change(1, 9);
    bench.cache.set_time(29 * second);
    bench.change(5, 9);
    bench.cache.set_time(39 * second);
    (void)bench.cache.read(0);
    EXPECT_EQ(bench.device.writes(), 0u);
    bench.cache.set_time(40 * second);
    (void)bench.cache.read(0);
    EXPECT_EQ(bench.device.writes(), 1u);
    EXPECT_EQ(bench.on_device(1), std::byte{9});
    bench.cache.set_time(59 * second);
    (void)bench.cache.read(0);
    EXPECT_EQ(bench.device.writes(), 2u);
}

TEST(ReadAhead, FewerReadsOfASequence) {
    const auto reads = [](std::string_view name) {
        Bench bench{{.read_ahead = named_read_ahead(name)}};
        bench.scan(0, 640);
        return bench.device.reads();
    };
    EXPECT_EQ(reads("none"), 640u);
    EXPECT_EQ(reads("one-block"), 320u);
    EXPECT_EQ(reads("fixed"), 40u);
    EXPECT_EQ(reads("group"), 40u);
    EXPECT_LE(reads("doubling"), 45u) << "a quarter of 64 slots is a transfer's bound";
}

TEST(ReadAhead, ABlockAloneIsReadAlone) {
    Bench bench{{.read_ahead = named_read_ahead("doubling")}};
    std::uint64_t before = 0;
    for (std::uint64_t b = 0; b < blocks; b += 100) {
        (void)bench.cache.read(b);
        EXPECT_EQ(bench.device.reads(), ++before);
        (void)bench.cache.read(b + 1 < blocks ? b + 50 : b);
        EXPECT_EQ(bench.device.reads(), ++before);
    }
    for (std::uint64_t b = 0; b < blocks; b += 100) (void)bench.cache.read(b + 51);
    EXPECT_EQ(bench.device.reads(), before + 10) << "now a second one follows";
}

TEST(ReadAhead, WindowsDoubleForEachOfSeveralStreams) {
    Doubling policy;
    std::uint64_t at[3] = {1000, 50'000, 900'000};
    for (const std::uint32_t expected : {0u, 4u, 8u, 16u, 32u, 64u, 64u}) {
        for (std::uint64_t& next : at) {
            const Window window = policy.plan(next, next + 1);
            EXPECT_EQ(window.count, expected);
            next += 1 + window.count;
        }
    }
}

TEST(ReadAhead, NoWindowIsLargerThanTheBound) {
    for (Index r = 0; r < ReadAheads::size; ++r) {
        AnyReadAhead policy{r};
        std::mt19937_64 random{r};
        std::uint64_t at = 0;
        for (int i = 0; i < 10'000; ++i) {
            at = random() % 4 == 0 ? random() : at + random() % 5;
            ASSERT_LE(policy.plan(at, at + 1 + random() % 16).count, window_max);
        }
    }
}

TEST(ReadAhead, EndsWithTheDevice) {
    for (Index r = 0; r < ReadAheads::size; ++r) {
        Bench bench{{.read_ahead = r}};
        bench.scan(blocks - 70, blocks);
    }
}

TEST(ReadAhead, LeavesWhatIsDirtyInMemoryAlone) {
    for (Index r = 0; r < ReadAheads::size; ++r) {
        Bench bench{{.read_ahead = r}};
        for (std::uint64_t b = 3; b < 60; b += 5) bench.change(b, 200);
        for (std::uint64_t b = 0; b < 60; ++b) {
            const std::byte expected =
                b % 5 == 3 ? std::byte{200} : static_cast<std::byte>(b * 7);
            ASSERT_EQ((*bench.cache.read(b))[0], expected) << ReadAheads::texts[r].name;
        }
    }
}

}  // namespace

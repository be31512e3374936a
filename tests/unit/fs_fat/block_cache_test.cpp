// The block cache under every policy, beside plain arrays.
#include <gtest/gtest.h>

#include <random>

#include "libos/fs/cache/block_cache.hpp"
#include "libos/policy/list.hpp"
#include "sim/testbed/fs/memory_device.hpp"

namespace {

using libos::fs::Error;
using libos::fs::cache::BlockCache;
using sim::testbed::fs::MemoryDevice;
constexpr std::uint32_t block_size = 512;
constexpr std::uint32_t slots = 16;

template <class P>
struct Bench {
    using Cache = BlockCache<MemoryDevice, P>;
    MemoryDevice device{200, block_size};
    std::vector<std::byte> memory = std::vector<std::byte>(Cache::bytes(slots, block_size));
    kernel::base::Arena arena{memory};
    Cache cache{device, arena, slots};
};

// Every block holds its last value in all of its bytes.
template <class P>
void keeps_what_was_written() {
    Bench<P> bench;
    std::vector<std::uint8_t> truth(200);
    std::mt19937_64 random{17};
    for (int step = 0; step < 20'000; ++step) {
        const std::uint64_t block = random() % (random() % 4 == 0 ? 200 : 20);
        const auto value = static_cast<std::uint8_t>(random());
        switch (random() % 4) {
            case 0: {
                auto bytes = *bench.cache.change(block);
                ASSERT_EQ(bytes[9], std::byte{truth[block]}) << P::name;
                std::ranges::fill(bytes, std::byte{truth[block] = value});
                break;
            }
            case 1: {
                auto bytes = *bench.cache.fresh(block);
                ASSERT_EQ(bytes[511], std::byte{0}) << P::name;
                std::ranges::fill(bytes, std::byte{truth[block] = value});
                break;
            }
            default:
                ASSERT_EQ((*bench.cache.read(block))[77], std::byte{truth[block]}) << P::name;
        }
    }
    ASSERT_TRUE(bench.cache.flush());
    for (std::uint64_t block = 0; block < 200; ++block) {
        ASSERT_EQ(bench.device.bytes()[block * block_size + 5], std::byte{truth[block]});
    }
    EXPECT_GT(bench.cache.misses(), 200u);
}

TEST(BlockCache, EveryPolicyKeepsWhatWasWritten) {
    libos::policy::for_each_policy(
        [](auto policy) {
            using P = typename decltype(policy)::type;
            if constexpr (!libos::policy::clairvoyant<P>) keeps_what_was_written<P>();
        },
        libos::policy::Policies{});
}

TEST(BlockCache, WritesInAscendingOrderAndOnlyWhatIsDirty) {
    Bench<libos::policy::Lru> bench;
    for (const std::uint64_t block : {9, 3, 7}) (void)bench.cache.change(block);
    (void)bench.cache.read(1);
    EXPECT_EQ(bench.device.writes(), 0u);
    ASSERT_TRUE(bench.cache.write_back(0, 8));
    EXPECT_EQ(bench.device.writes(), 2u);
    ASSERT_TRUE(bench.cache.flush());
    EXPECT_EQ(bench.device.writes(), 3u);
    EXPECT_EQ(bench.device.flushes(), 1u);
}

TEST(BlockCache, OutsideTheDeviceIsInvalid) {
    Bench<libos::policy::Lru> bench;
    EXPECT_EQ(bench.cache.read(200).error(), Error::invalid);
    EXPECT_EQ(bench.cache.fresh(~std::uint64_t{0}).error(), Error::invalid);
}

TEST(BlockCache, AFailedReadLeavesRoomAndAFailedWriteLosesNothing) {
    Bench<libos::policy::Lru> bench;
    bench.device.fail_read_after(0);
    EXPECT_EQ(bench.cache.read(5).error(), Error::io);
    EXPECT_TRUE(bench.cache.read(5));
    for (std::uint64_t block = 0; block < slots; ++block) {
        (*bench.cache.change(block))[0] = std::byte{7};
    }
    bench.device.fail_write_after(0);
    EXPECT_EQ(bench.cache.read(100).error(), Error::io);
    for (std::uint64_t block = 0; block < slots; ++block) {
        EXPECT_EQ((*bench.cache.read(block))[0], std::byte{7});
    }
    bench.device.fail_write_after(1);
    EXPECT_EQ(bench.cache.flush().error(), Error::io);
    ASSERT_TRUE(bench.cache.flush());
    for (std::uint64_t block = 0; block < slots; ++block) {
        EXPECT_EQ(bench.device.bytes()[block * block_size], std::byte{7});
    }
}

}  // namespace

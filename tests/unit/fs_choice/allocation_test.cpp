// Allocation policies over a bitmap, beside a search of all places.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "libos/fs/choice/allocation.hpp"

namespace {

using namespace libos::fs::choice;

// Blocks [first, size) of which some are free.
struct Bits {
    std::uint64_t first;
    std::vector<bool> free;

    [[nodiscard]] std::uint64_t begin() const { return first; }
    [[nodiscard]] std::uint64_t end() const { return free.size(); }
    [[nodiscard]] std::uint64_t next_free(std::uint64_t block) const {
        while (block < end() && !free[block]) ++block;
        return block;
    }
    [[nodiscard]] std::uint64_t next_used(std::uint64_t block, std::uint64_t limit) const {
        while (block < limit && free[block]) ++block;
        return block;
    }
    [[nodiscard]] std::uint64_t run(std::uint64_t block) const {
        return next_used(block, end()) - block;
    }
    // The free runs: first block and length.
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> runs() const {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
        for (std::uint64_t b = next_free(first); b < end(); b = next_free(b + all.back().second)) {
            all.emplace_back(b, run(b));
        }
        return all;
    }
};
static_assert(Space<Bits>);

Bits random_bits(std::mt19937_64& random, std::uint64_t blocks) {
    Bits bits{2 + random() % 5, std::vector<bool>(blocks)};
    const std::uint64_t share = 1 + random() % 99;
    bool now = false;
    for (std::uint64_t b = bits.first; b < blocks; ++b) {
        if (random() % 4 == 0) now = random() % 100 < share;
        bits.free[b] = now;
    }
    return bits;
}

Want random_want(std::mt19937_64& random, const Bits& bits) {
    return {.after = random() % 2 == 0 ? 0 : bits.first + random() % (bits.end() - bits.first),
            .directory = random() % 5,
            .near = random() % 3 == 0 ? 0 : random() % (bits.end() + 5),
            .group = random() % 3 == 0 ? random() % bits.end() / 16 * 16 : 0,
            .count = static_cast<std::uint32_t>(1 + random() % 20)};
}

class EveryAllocation : public testing::TestWithParam<std::size_t> {
protected:
    AnyAllocation policy_{static_cast<Index>(GetParam())};
};

TEST_P(EveryAllocation, AnswersLieOnTheDiskAndFilesGrowWhereTheyAre) {
    std::mt19937_64 random{GetParam()};
    for (int i = 0; i < 3000; ++i) {
        const Bits bits = random_bits(random, 40 + random() % 400);
        const Want want = random_want(random, bits);
        const Place place = policy_.place(bits, want);
        ASSERT_LE(place.block, bits.end()) << i;
        ASSERT_GE(place.block, bits.begin()) << i;
        if (want.after != 0 && bits.free[want.after]) {
            ASSERT_EQ(place.block, want.after);
        }
    }
}

TEST_P(EveryAllocation, FillsADiskToItsLastBlock) {
    Bits bits{16, std::vector<bool>(1024, true)};
    std::fill_n(bits.free.begin(), 16, false);
    std::mt19937_64 random{7};
    std::uint64_t after = 0;
    for (int taken = 0; taken < 1024 - 16; ++taken) {
        const Want want{.after = random() % 4 == 0 ? 0 : after, .directory = 1 + random() % 3};
        std::uint64_t block = bits.next_free(policy_.place(bits, want).block);
        if (block == bits.end()) block = bits.next_free(bits.begin());
        ASSERT_LT(block, bits.end()) << "at " << taken;
        bits.free[block] = false;
        after = block + 1 < bits.end() ? block + 1 : 0;
    }
}

TEST_P(EveryAllocation, AFullDiskIsNoTrap) {
    const Bits bits{2, std::vector<bool>(300, false)};
    for (std::uint64_t after : {0, 5, 299}) {
        const Place place = policy_.place(bits, {.after = after, .directory = 3, .count = 9});
        EXPECT_LE(place.block, bits.end());
    }
}

INSTANTIATE_TEST_SUITE_P(Policies, EveryAllocation,
                         testing::Range<std::size_t>(0, Allocations::size),
                         [](const auto& info) {
                             std::string name{Allocations::texts[info.param].name};
                             std::erase(name, '-');
                             return name;
                         });

constexpr std::uint64_t nowhere = ~std::uint64_t{0};

// By looking at every run.
std::uint64_t first_run(const Bits& bits, std::uint64_t from, std::uint64_t count) {
    for (std::uint64_t b = from; b < bits.end(); ++b) {
        if (bits.free[b] && bits.run(b) >= count) return b;
    }
    return nowhere;
}

TEST(FirstFit, IsTheFirstRunThatIsLongEnough) {
    std::mt19937_64 random{1};
    int found = 0;
    for (int i = 0; i < 2000; ++i) {
        const Bits bits = random_bits(random, 200);
        const auto count = static_cast<std::uint32_t>(1 + random() % 20);
        const std::uint64_t expected = first_run(bits, bits.begin(), count);
        FirstFit policy;
        const Place place = policy.place(bits, {.count = count});
        if (expected == nowhere) continue;
        ASSERT_EQ(place.block, expected);
        ++found;
    }
    EXPECT_GT(found, 200);
}

TEST(NextFit, GoesRoundTheDisk) {
    Bits bits{2, std::vector<bool>(100, true)};
    NextFit policy;
    std::uint64_t before = 1;
    for (int i = 0; i < 98; ++i) {
        const std::uint64_t block = policy.place(bits, {}).block;
        EXPECT_EQ(block, before + 1);
        before = block;
    }
    EXPECT_EQ(policy.place(bits, {}).block, 2u) << "free again from the beginning";
}

TEST(BestFit, IsTheShortestRunThatIsLongEnoughElseTheLongest) {
    std::mt19937_64 random{2};
    for (int i = 0; i < 2000; ++i) {
        const Bits bits = random_bits(random, 200);
        const auto runs = bits.runs();
        if (runs.empty()) continue;
        const auto count = static_cast<std::uint32_t>(1 + random() % 20);
        std::uint64_t best = 0;
        for (const auto& [first, length] : runs) {
            const bool better = best < count ? length > best : length >= count && length < best;
            if (better) best = length;
        }
        BestFit policy;
        ASSERT_EQ(bits.run(policy.place(bits, {.count = count}).block), best) << i;
    }
}

TEST(Buddy, IsAnAlignedRunAllFree) {
    std::mt19937_64 random{3};
    int whole = 0;
    for (int i = 0; i < 2000; ++i) {
        const Bits bits = random_bits(random, 300);
        const auto count = static_cast<std::uint32_t>(1 + random() % 16);
        std::uint64_t size = 1;
        while (size < count) size *= 2;
        Buddy policy;
        const std::uint64_t block = policy.place(bits, {.count = count}).block;
        std::uint64_t expected = nowhere;
        for (std::uint64_t b = size; b + size <= bits.end() && expected == nowhere; b += size) {
            if (b >= bits.begin() && bits.free[b] && bits.run(b) >= size) expected = b;
        }
        if (expected == nowhere) continue;
        ASSERT_EQ(block, expected);
        ++whole;
    }
    EXPECT_GT(whole, 200);
}

TEST(CylinderGroups, KeepDirectoriesApart) {
    Bits bits{16, std::vector<bool>(16384, true)};
    CylinderGroups policy;
    std::set<std::uint64_t> places;
    for (std::uint64_t directory = 1; directory <= 8; ++directory) {
        const std::uint64_t block = policy.place(bits, {.directory = directory}).block;
        EXPECT_EQ(policy.place(bits, {.directory = directory}).block, block);
        places.insert(block);
    }
    EXPECT_GE(places.size(), 5u) << "most directories have a part of their own";
}

TEST(NearDirectory, IsBehindTheDirectory) {
    Bits bits{16, std::vector<bool>(1000, true)};
    NearDirectory policy;
    EXPECT_EQ(policy.place(bits, {.near = 500}).block, 500u);
}

TEST(CoLocate, SmallFilesOfADirectoryShareAGroup) {
    Bits bits{5, std::vector<bool>(1000, true)};
    CoLocate policy;
    std::uint64_t groups[3] = {};
    for (int file = 0; file < 16; ++file) {
        for (std::uint64_t directory : {1, 2}) {
            const Place place = policy.place(bits, {.directory = directory});
            ASSERT_TRUE(bits.free[place.block]);
            bits.free[place.block] = false;
            if (file == 0) groups[directory] = place.group;
            EXPECT_EQ(place.block / 16 * 16, groups[directory]);
        }
    }
    EXPECT_NE(groups[1], groups[2]);
    EXPECT_NE(policy.place(bits, {.directory = 1}).group, groups[1]) << "the group is full";
    // What the format remembers counts more than what the policy does.
    EXPECT_EQ(policy.place(bits, {.directory = 1, .group = 512}).block, 512u);
}

}  // namespace

// The extent table: what it gives away, and that no bytes of a disk pass for one that is not sound.
#include "kernel/disk/extent_table.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

namespace kernel::disk {
namespace {

constexpr std::uint32_t blocks = 1000;
constexpr std::uint64_t any = abi::any_block;

std::unique_ptr<ExtentTable> empty_table() {
    auto table = std::make_unique<ExtentTable>();
    clear(*table, blocks);
    return table;
}

ExtentName name(std::uint64_t number) { return {number, 0}; }

TEST(ExtentTable, TheLowestPlaceThatHasRoomIsTaken) {
    auto table = empty_table();
    EXPECT_EQ((*insert(*table, any, 100, name(1)))->first, abi::disk_first_block);
    EXPECT_EQ((*insert(*table, 300, 10, name(2)))->first, 300u);
    EXPECT_EQ((*insert(*table, any, 200, name(3)))->first, 310u);
    EXPECT_EQ((*insert(*table, any, 184, name(4)))->first, 116u);
    EXPECT_EQ((*insert(*table, any, 490, name(5)))->first, 510u);
    EXPECT_EQ(insert(*table, any, 1, name(6)).error(), Status::no_extents);
    seal(*table);
    EXPECT_TRUE(sound(*table, blocks));
}

TEST(ExtentTable, ErrorsComeInTheDocumentedOrder) {
    auto table = empty_table();
    ASSERT_TRUE(insert(*table, 100, 100, name(1)).has_value());
    const auto error = [&](std::uint64_t first, std::uint64_t count, const ExtentName& called) {
        return insert(*table, first, count, called).error();
    };
    EXPECT_EQ(error(15, 1, name(1)), Status::bad_argument);
    EXPECT_EQ(error(blocks, 1, name(1)), Status::bad_argument);
    EXPECT_EQ(error(std::uint64_t{1} << 40, 1, name(1)), Status::bad_argument);
    EXPECT_EQ(error(16, 0, name(1)), Status::bad_argument);
    EXPECT_EQ(error(16, blocks - 15, name(1)), Status::bad_argument);
    EXPECT_EQ(error(any, blocks - 15, name(1)), Status::bad_argument);
    EXPECT_EQ(error(16, ~std::uint64_t{0}, name(1)), Status::bad_argument);
    EXPECT_EQ(error(16, 1, {0, 0}), Status::bad_argument);
    EXPECT_EQ(error(150, 1, name(1)), Status::extent_taken);
    EXPECT_EQ(error(16, 85, name(2)), Status::extent_taken);
    EXPECT_EQ(error(199, 1, name(2)), Status::extent_taken);
    EXPECT_EQ(error(any, 900, name(2)), Status::no_extents);
    EXPECT_EQ(table->count, 1u);
}

TEST(ExtentTable, ItHoldsAsManyAsItHasRecords) {
    auto table = empty_table();
    for (std::uint32_t i = 0; i < abi::extents_max; ++i) {
        ASSERT_TRUE(insert(*table, any, 1, name(i + 1)).has_value()) << i;
    }
    EXPECT_EQ(insert(*table, any, 1, name(9999)).error(), Status::no_extents);
    seal(*table);
    EXPECT_TRUE(sound(*table, blocks));
}

// Against a map of who has which block.
TEST(ExtentTable, ItAgreesWithAMapOfTheBlocks) {
    std::mt19937 random{7};
    auto table = empty_table();
    std::vector<std::uint64_t> owner(blocks, 0);
    for (unsigned step = 0; step < 4000; ++step) {
        const std::uint64_t called = 1 + random() % 40;
        if (ExtentRecord* const held = find(*table, name(called))) {
            for (std::uint32_t i = 0; i < held->count; ++i) owner[held->first + i] = 0;
            remove(*table, *held);
        } else {
            const auto first = static_cast<std::uint32_t>(
                random() % 2 == 0 ? abi::any_block : random() % blocks);
            const auto count = static_cast<std::uint32_t>(1 + random() % 60);
            const auto made = insert(*table, first, count, name(called));
            bool fits = first == abi::any_block || (first >= 16 && first + count <= blocks);
            for (std::uint32_t i = 0; first != abi::any_block && fits && i < count; ++i) {
                fits = owner[first + i] == 0;
            }
            if (first != abi::any_block) {
                ASSERT_EQ(made.has_value(), fits);
            }
            if (!made.has_value()) continue;
            for (std::uint32_t i = 0; i < count; ++i) {
                ASSERT_EQ(owner[(*made)->first + i], 0u);
                owner[(*made)->first + i] = called;
            }
        }
        for (std::uint32_t block = 0; block < blocks; block += 37) {
            const ExtentRecord* const record = abi::record_of(*table, block);
            ASSERT_EQ(record == nullptr ? 0 : record->name.low, owner[block]);
        }
        seal(*table);
        ASSERT_TRUE(sound(*table, blocks));
    }
}

TEST(ExtentTable, NoChangedByteGoesUnseen) {
    auto table = empty_table();
    for (std::uint32_t i = 0; i < 8; ++i) ASSERT_TRUE(insert(*table, any, 5, name(i + 1)));
    seal(*table);
    auto* bytes = reinterpret_cast<unsigned char*>(table.get());
    for (std::size_t at = 0; at < sizeof *table; at += at < 400 ? 1 : 131) {
        bytes[at] ^= 0x41;
        EXPECT_FALSE(sound(*table, blocks)) << "byte " << at;
        bytes[at] ^= 0x41;
    }
    EXPECT_TRUE(sound(*table, blocks));
    EXPECT_FALSE(sound(*table, blocks + 1));
}

// A checksum can be made by anyone: each field must be sound by itself.
TEST(ExtentTable, ASealedTableWithAWrongFieldIsNotSound) {
    const auto refused = [](auto&& spoil) {
        auto table = empty_table();
        EXPECT_TRUE(insert(*table, 20, 10, name(1)).has_value());
        EXPECT_TRUE(insert(*table, 40, 10, name(2)).has_value());
        spoil(*table);
        seal(*table);
        return !sound(*table, blocks);
    };
    EXPECT_FALSE(refused([](ExtentTable&) {}));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.count = abi::extents_max + 1; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.count = ~0u; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.count = 3; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[0].first = 15; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[0].count = 0; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[0].count = 21; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[1].count = blocks; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[1].count = ~0u; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[1].first = ~0u; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[1].name = name(1); }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.records[1].name = {0, 0}; }));
    EXPECT_TRUE(refused([](ExtentTable& t) { t.blocks = 17; }));
}

TEST(ExtentTable, RandomBytesAreNoTable) {
    std::mt19937_64 random{11};
    auto table = std::make_unique<ExtentTable>();
    for (unsigned round = 0; round < 200; ++round) {
        auto* words = reinterpret_cast<std::uint64_t*>(table.get());
        for (std::size_t i = 0; i < sizeof *table / 8; ++i) words[i] = random();
        if (round % 2 == 0) table->magic = abi::extent_table_magic;
        if (round % 3 == 0) seal(*table);
        EXPECT_FALSE(sound(*table, blocks));
    }
}

}  // namespace
}  // namespace kernel::disk

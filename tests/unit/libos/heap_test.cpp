// Heap: blocks never overlap, are aligned, and are used again.
#include "libos/rt/heap.hpp"

#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace {

using kernel::abi::page_size;
using libos::rt::Heap;

// Pages from one array, in order, until it is used up.
struct Pages {
    explicit Pages(std::uint64_t count) : bytes(count * page_size + page_size) {
        const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
        next = bytes.data() + (page_size - address % page_size);
        left = count;
    }
    static std::byte* grow(void* cookie, std::uint64_t pages) {
        auto& self = *static_cast<Pages*>(cookie);
        if (pages > self.left) return nullptr;
        std::byte* first = self.next;
        self.next += pages * page_size;
        self.left -= pages;
        return first;
    }
    std::vector<std::byte> bytes;
    std::byte* next;
    std::uint64_t left;
};

TEST(Heap, BlocksOfAllSizesAreAlignedAndDoNotOverlap) {
    Pages pages{4096};
    Heap heap{Pages::grow, &pages};
    std::map<std::uintptr_t, std::uintptr_t> taken;
    for (std::size_t bytes = 0; bytes < 3 * page_size; bytes += 37) {
        void* block = heap.allocate(bytes);
        ASSERT_NE(block, nullptr);
        const auto first = reinterpret_cast<std::uintptr_t>(block);
        EXPECT_EQ(first % 16, 0u);
        std::memset(block, 0xa5, bytes);
        const auto after = taken.upper_bound(first);
        if (after != taken.end()) {
            EXPECT_LE(first + bytes, after->first);
        }
        if (after != taken.begin()) {
            EXPECT_LE(std::prev(after)->second, first);
        }
        taken[first] = first + bytes;
    }
}

TEST(Heap, FreedBlocksAreUsedAgain) {
    Pages pages{8};
    Heap heap{Pages::grow, &pages};
    void* small = heap.allocate(100);
    void* large = heap.allocate(3 * page_size);
    const std::uint64_t left = pages.left;
    heap.free(small);
    heap.free(large);
    EXPECT_EQ(heap.allocate(90), small);
    EXPECT_EQ(heap.allocate(2 * page_size), large);
    EXPECT_EQ(pages.left, left);
    heap.free(nullptr);
}

TEST(Heap, ExhaustionIsNullAndLosesNothing) {
    Pages pages{2};
    Heap heap{Pages::grow, &pages};
    EXPECT_EQ(heap.allocate(2 * page_size), nullptr);  // the header does not fit
    EXPECT_EQ(heap.allocate(~std::size_t{0}), nullptr);
    EXPECT_NE(heap.allocate(page_size), nullptr);
    EXPECT_EQ(heap.allocate(page_size), nullptr);
    EXPECT_EQ(heap.allocate(16), nullptr);
}

TEST(Heap, ArraysAreValueInitialised) {
    Pages pages{4};
    Heap heap{Pages::grow, &pages};
    void* dirty = heap.allocate(512);
    std::memset(dirty, 0xff, 512);
    heap.free(dirty);
    for (const std::uint32_t word : heap.array<std::uint32_t>(128)) EXPECT_EQ(word, 0u);
    EXPECT_TRUE(heap.array<std::uint64_t>(1 << 20).empty());
}

}  // namespace

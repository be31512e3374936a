// SlotAllocator: each free slot is given out once; extension adds what it says.
#include "libos/rt/slot_allocator.hpp"

#include <set>

#include <gtest/gtest.h>

namespace {

using kernel::abi::Slot;
using libos::rt::SlotAllocator;

TEST(SlotAllocator, GivesEachFreeSlotOnceAndThenNothing) {
    SlotAllocator slots{43, 128};
    std::set<std::uint32_t> given;
    while (const auto slot = slots.take()) EXPECT_TRUE(given.insert(slot->value).second);
    EXPECT_EQ(given.size(), 128u - 43u);
    EXPECT_EQ(*given.begin(), 43u);
    EXPECT_EQ(slots.free(), 0u);
}

TEST(SlotAllocator, ReturnedSlotsComeAgain) {
    SlotAllocator slots{8, 128};
    while (slots.take()) {
    }
    slots.give(Slot{100});
    slots.give(Slot{9});
    EXPECT_EQ(slots.free(), 2u);
    std::set<std::uint32_t> again{slots.take()->value, slots.take()->value};
    EXPECT_EQ(again, (std::set<std::uint32_t>{9, 100}));
    EXPECT_FALSE(slots.take());
}

TEST(SlotAllocator, ExtensionAddsSlotsBehind) {
    SlotAllocator slots{128, 128};
    EXPECT_FALSE(slots.take());
    slots.extend(3);
    EXPECT_EQ(slots.size(), 256u);
    EXPECT_EQ(slots.free(), 125u);
    EXPECT_EQ(slots.take()->value, 131u);
}

TEST(SlotAllocator, GrowsToItsBound) {
    SlotAllocator slots{0, 128};
    while (slots.size() < SlotAllocator::size_max) slots.extend();
    std::uint32_t count = 0;
    while (slots.take()) ++count;
    EXPECT_EQ(count, SlotAllocator::size_max);
}

}  // namespace

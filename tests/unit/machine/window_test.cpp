// Windows and memory that a process uses again: nothing of the one before may be seen.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sim/host/address_window.hpp"
#include "sim/host/guarded_stack.hpp"
#include "sim/host/shown_pages.hpp"
#include "sim/machine/machine.hpp"

namespace {

using sim::host::AddressWindow;
using sim::host::GuardedStack;
using sim::host::MemoryFile;
using sim::host::Protection;
using sim::host::ShownPages;

// Where machines have theirs: there every sanitizer lets memory be.
const std::uint64_t first = sim::machine::default_window_base() + (std::uint64_t{64} << 30);
constexpr std::uint64_t size = std::uint64_t{1} << 30;
constexpr std::uint64_t page = 4096;

// The host reads for us, and says where it cannot.
bool readable(std::uint64_t address) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    const bool done = write(ends[1], reinterpret_cast<const void*>(address), 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return done;
}

TEST(Window, ShowsNothingOfTheOneBefore) {
    auto file = MemoryFile::create(64 * page);
    ASSERT_TRUE(file);
    for (int round = 0; round < 3; ++round) {
        auto window = AddressWindow::reserve(first, size, *file, 16);
        ASSERT_TRUE(window) << window.error();
        for (std::uint64_t i = 0; i < 16; ++i) EXPECT_FALSE(readable(first + i * page));
        ASSERT_TRUE(window->map(first, 8, 0, Protection::read_write));
        ASSERT_TRUE(window->map(first + 8 * page, 2, 30 * page, Protection::read));
        std::memset(reinterpret_cast<void*>(first), round + 1, 8 * page);
        EXPECT_EQ(file->view()[7 * page], static_cast<std::byte>(round + 1));
        EXPECT_TRUE(readable(first + 9 * page));
        EXPECT_FALSE(readable(first + 10 * page));
    }
}

// The second window shows other pages at the same addresses: not those it was left with.
TEST(Window, ShowsWhatItIsToldTo) {
    auto file = MemoryFile::create(64 * page);
    ASSERT_TRUE(file);
    for (std::uint64_t i = 0; i < 64; ++i) {
        file->view()[i * page] = static_cast<std::byte>(i);
    }
    for (const std::uint64_t offset : {0, 5, 5, 6, 0}) {
        auto window = AddressWindow::reserve(first, size, *file, 16);
        ASSERT_TRUE(window) << window.error();
        ASSERT_TRUE(window->map(first, 4, offset * page, Protection::read));
        for (std::uint64_t i = 0; i < 4; ++i) {
            EXPECT_EQ(*reinterpret_cast<const unsigned char*>(first + i * page), offset + i);
        }
    }
}

TEST(Window, OfAnotherFileBeginsAnew) {
    auto one = MemoryFile::create(8 * page);
    auto other = MemoryFile::create(16 * page);
    ASSERT_TRUE(one && other);
    other->view()[0] = std::byte{7};
    {
        auto window = AddressWindow::reserve(first, size, *one, 4);
        ASSERT_TRUE(window && window->map(first, 1, 0, Protection::read));
    }
    auto window = AddressWindow::reserve(first, size, *other, 4);
    ASSERT_TRUE(window) << window.error();
    ASSERT_TRUE(window->map(first, 1, 0, Protection::read));
    EXPECT_EQ(*reinterpret_cast<const std::byte*>(first), std::byte{7});
}

TEST(Window, RefusesMoreThanItHasRoomFor) {
    auto file = MemoryFile::create(256 * page);
    ASSERT_TRUE(file);
    auto window = AddressWindow::reserve(first, size, *file, 16);
    ASSERT_TRUE(window) << window.error();
    std::uint64_t shown = 0;
    while (shown < 256 && window->map(first + shown * page, 1, shown * page, Protection::read)) {
        ++shown;
    }
    EXPECT_GE(shown, 16u);
    EXPECT_LT(shown, 256u);
    window->clear();
    EXPECT_FALSE(readable(first));
    EXPECT_TRUE(window->map(first, 16, 0, Protection::read));
}

TEST(GuardedStack, IsEmptyWhenItIsUsedAgain) {
    constexpr std::size_t bytes = 64 * page;
    for (int round = 0; round < 2; ++round) {
        auto stack = GuardedStack::create(bytes);
        ASSERT_TRUE(stack);
        const std::span<std::byte> memory = stack->memory();
        EXPECT_TRUE(std::ranges::all_of(memory, [](std::byte one) { return one == std::byte{}; }));
        EXPECT_FALSE(readable(reinterpret_cast<std::uint64_t>(memory.data()) - 1));
        std::memset(memory.data() + bytes / 2, 0xaa, bytes / 4);
    }
}

TEST(ShownPages, AgreesWithWhatWasSet) {
    ShownPages pages{32};
    EXPECT_FALSE(pages.holds(0, 0));
    for (std::uint32_t i = 0; i < 32; ++i) {
        ASSERT_TRUE(pages.room_for(1));
        pages.set(i * 4096, i);
    }
    EXPECT_FALSE(pages.room_for(1));
    pages.set(4096, 77);  // another page of the file there: no new one
    EXPECT_TRUE(pages.holds(4096, 77));
    EXPECT_FALSE(pages.holds(4096, 1));
    EXPECT_TRUE(pages.holds(31 * 4096, 31));
    pages.clear();
    EXPECT_EQ(pages.size(), 0u);
    EXPECT_FALSE(pages.holds(4096, 77));
}

}  // namespace

// SlotAllocator: which slots of the environment's own capability table are free.
//
// Why a bitmap in next-fit order: it needs no memory beyond itself, and its answers depend on
// the calls before alone, so that histories are the same on every machine.
//
// Invariant: free() counts the zero bits below size().
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/abi/call.hpp"
#include "kernel/base/assert.hpp"

namespace libos::rt {

class SlotAllocator {
public:
    static constexpr std::uint32_t size_max =
        kernel::abi::env_table_frames_max * kernel::abi::table_slots_per_frame;

    // Slots below `first` are in use already; the table has `size` slots.
    SlotAllocator(std::uint32_t first, std::uint32_t size) : size_{size}, next_{first} {
        CHITIN_ASSERT(first <= size && size <= size_max);
        for (std::uint32_t i = 0; i < first; ++i) words_[i / 64] |= bit(i);
        free_ = size - first;
    }

    std::optional<kernel::abi::Slot> take() {
        if (free_ == 0) return std::nullopt;
        for (std::uint32_t word = next_ / 64;; word = word + 1 < word_count() ? word + 1 : 0) {
            if (words_[word] == ~std::uint64_t{0}) continue;
            const std::uint32_t slot =
                word * 64 + static_cast<std::uint32_t>(__builtin_ctzll(~words_[word]));
            words_[word] |= bit(slot);
            --free_;
            next_ = slot;
            return kernel::abi::Slot{slot};
        }
    }

    void give(kernel::abi::Slot slot) {
        CHITIN_ASSERT(slot.value < size_ && (words_[slot.value / 64] & bit(slot.value)) != 0);
        words_[slot.value / 64] &= ~bit(slot.value);
        ++free_;
    }

    // The table grew by one frame, the first `taken` slots of which are in use.
    void extend(std::uint32_t taken = 0) {
        CHITIN_ASSERT(size_ < size_max && taken <= kernel::abi::table_slots_per_frame);
        for (std::uint32_t i = size_; i < size_ + taken; ++i) words_[i / 64] |= bit(i);
        size_ += kernel::abi::table_slots_per_frame;
        free_ += kernel::abi::table_slots_per_frame - taken;
    }

    bool taken(kernel::abi::Slot slot) const {
        return (words_[slot.value / 64] & bit(slot.value)) != 0;
    }
    std::uint32_t size() const { return size_; }
    std::uint32_t free() const { return free_; }

private:
    static constexpr std::uint64_t bit(std::uint32_t slot) {
        return std::uint64_t{1} << (slot % 64);
    }
    std::uint32_t word_count() const { return size_ / 64; }  // a table frame is two words

    std::uint64_t words_[size_max / 64] = {};
    std::uint32_t size_;
    std::uint32_t free_;
    std::uint32_t next_;
};

}  // namespace libos::rt

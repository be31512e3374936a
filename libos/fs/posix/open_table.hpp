#pragma once

/// Which inodes are open, and how often: a hash table with linear probing.

#include <array>
#include <cstdint>

#include "libos/fs/error.hpp"

namespace libos::fs::posix {

class OpenTable {
public:
    static constexpr std::uint32_t open_max = 512;

    void clear() { *this = {}; }

    [[nodiscard]] bool open(std::uint64_t number) const {
        return slots_[place(number)].number == number;
    }

    /// Error::no_memory: open_max inodes are open.
    Result<void> add(std::uint64_t number) {
        Slot& slot = slots_[place(number)];
        if (slot.number == 0) {
            if (used_ == open_max) return error(Error::no_memory);
            ++used_;
            slot.number = number;
        }
        ++slot.count;
        return {};
    }

    /// Whether it was the last. Error::invalid: it is not open.
    Result<bool> remove(std::uint64_t number) {
        const std::uint32_t at = place(number);
        if (number == 0 || slots_[at].number != number) return error(Error::invalid);
        if (--slots_[at].count > 0) return false;
        slots_[at] = {};
        --used_;
        // Those behind it may have been pushed past it.
        for (std::uint32_t i = (at + 1) % size; slots_[i].number != 0; i = (i + 1) % size) {
            const Slot moved = slots_[i];
            slots_[i] = {};
            slots_[place(moved.number)] = moved;
        }
        return true;
    }

private:
    static constexpr std::uint32_t size = 2 * open_max;

    struct Slot {
        std::uint64_t number = 0;  ///< 0: empty
        std::uint64_t count = 0;
    };

    [[nodiscard]] std::uint32_t place(std::uint64_t number) const {
        auto at = static_cast<std::uint32_t>((number * 0x9e3779b97f4a7c15) >> 54);
        while (slots_[at].number != 0 && slots_[at].number != number) at = (at + 1) % size;
        return at;
    }

    std::array<Slot, size> slots_{};
    std::uint32_t used_ = 0;
};

static_assert(OpenTable::open_max == 512, "place() takes the ten highest bits");

}  // namespace libos::fs::posix

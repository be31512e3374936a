#pragma once

/// The level map: which of up to 64 levels have a task, one bit each. Finds the first in one
/// instruction.

#include <bit>
#include <cstdint>

#include "kernel/base/assert.hpp"

namespace libos::sched {

class LevelMap {
public:
    static constexpr unsigned levels_max = 64;

    [[nodiscard]] bool empty() const { return bits_ == 0; }

    /// The least level that is set; levels_max where none is.
    [[nodiscard]] unsigned first() const { return static_cast<unsigned>(std::countr_zero(bits_)); }

    void set(unsigned level, bool value) {
        CHITIN_ASSERT(level < levels_max);
        const std::uint64_t bit = std::uint64_t{1} << level;
        bits_ = value ? bits_ | bit : bits_ & ~bit;
    }

private:
    std::uint64_t bits_ = 0;
};

}  // namespace libos::sched

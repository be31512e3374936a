// Predicates: ready-made programs for calls::park_until.
#pragma once

#include <array>

#include "libos/code/instruction.hpp"

namespace libos::code {

// Holds where the word at `seen` of the first frame is at least the word at `wanted` of the second,
// both without sign. Offsets in bytes, multiples of 8 below 4096.
constexpr std::array<Instruction, 6> reached(std::int16_t seen, std::int16_t wanted) {
    return {load(6, 1, seen), load(7, 3, wanted), set(0, 1), jump_where_at_least(6, 7, 1),
            set(0, 0),        leave()};
}

}  // namespace libos::code

// Ownership functions: ready-made programs for the types of a tree (kernel/abi/tree.hpp).
//
// A block of zeroes owns nothing with any of them but `runs`.
#pragma once

#include <array>

#include "kernel/abi/tree.hpp"
#include "libos/code/instruction.hpp"

namespace libos::disk::owns {

using code::Instruction;

// The block begins with `count` entries {block, type}: 1..tree_owned_max.
constexpr std::array<Instruction, 9> entries(std::int32_t count) {
    return {code::set(8, 0),
            code::load(5, 1, 0),  // each
            code::store(3, 0, 5),
            code::add(1, 8),
            code::add(3, 8),
            code::add(8, 1),
            code::jump_where_below(8, count, -6),
            code::set(0, count),
            code::leave()};
}

// `count` numbers of blocks, of 4 bytes each, `stride` bytes apart from `offset` on; all of `type`.
// Precondition: they lie in the block.
constexpr std::array<Instruction, 12> pointers(std::int32_t offset, std::int32_t count,
                                               std::int32_t stride, std::int32_t type) {
    return {code::set(8, 0),
            code::set(4, type),
            code::add(1, offset),
            code::load_4(5, 1, 0),  // each
            code::store_4(3, 0, 5),
            code::store_4(3, 4, 4),
            code::add(1, stride),
            code::add(3, 8),
            code::add(8, 1),
            code::jump_where_below(8, count, -7),
            code::set(0, count),
            code::leave()};
}

// The block begins with `magic` (4 bytes); `count` runs {first block, how many} of 4 bytes each lie
// from byte 16 on, of at most run_max blocks of data. What has another magic, or longer runs, is no
// such block. Precondition: count * run_max <= tree_owned_max.
inline constexpr std::int32_t run_max = 32;
constexpr std::array<Instruction, 22> runs(std::int32_t magic, std::int32_t count) {
    return {code::load_4(2, 1, 0),
            code::jump_where_not(2, magic, 18),
            code::set(8, 0),
            code::load_4(2, 1, 16),  // each run
            code::load_4(4, 1, 20),
            code::jump_where_above(4, run_max, 14),
            code::set(5, 0),
            code::set(9, 0),  // each of its blocks, and each that it could have
            code::jump_where_at_least(5, 4, 2),
            code::copy(9, 2),
            code::add_register(9, 5),
            code::store_4(3, 0, 9),
            code::add(3, 8),
            code::add(5, 1),
            code::jump_where_below(5, run_max, -8),
            code::add(1, 8),
            code::add(8, 1),
            code::jump_where_below(8, count, -15),
            code::set(0, count * run_max),
            code::leave(),
            code::set(0, -1),  // no such block
            code::leave()};
}

}  // namespace libos::disk::owns

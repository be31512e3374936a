// What an environment finds when it starts: slots, its stack, and the start block.
#pragma once

#include "kernel/abi/types.hpp"

namespace kernel::abi {

// Slots that whoever creates an environment fills before it starts it.
inline constexpr Slot slot_self{0};      // itself: manage
inline constexpr Slot slot_account{1};   // its memory account
inline constexpr Slot slot_console{2};   // the console
inline constexpr Slot slot_cycle{3};     // the core's cycle, where its creator grants it
inline constexpr Slot slot_disk{4};      // core 0's root: disk i in the i-th slot from here on
inline constexpr Slot slot_extent{5};    // others: an extent, where their creator grants one
inline constexpr Slot slot_first_free{8};

// Where in its space slot the creator maps the first stack.
inline constexpr std::uint64_t stack_offset = 1 << 20;
inline constexpr std::uint64_t stack_pages = 32;

// At the top of the first stack; rdi points at it.
struct StartBlock {
    std::uint64_t info;          // address of the info window's SystemInfo
    std::uint64_t space_base;    // address of its space slot
    std::uint32_t env_record;    // its EnvRecord in the bundle
    std::uint32_t first_free_slot;  // the creator used the slots below
    std::uint64_t table_frames;  // how many frames its capability table has
    std::uint64_t seed;
    std::uint64_t argument;      // the creator's own
    std::uint32_t peers_slot;    // a core's root environment: the slot that core 0's is in, the
                                 // other cores' behind it (its own and unused ones empty); or 0
    std::uint32_t reserved[3];
};
static_assert(sizeof(StartBlock) == 64);

}  // namespace kernel::abi

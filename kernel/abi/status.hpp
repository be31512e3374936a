// Status: how a kernel call ended. The order in which a call's checks fail is part of the
// contract: each call's checks are listed in kernel/abi/call.hpp, and tested.
#pragma once

#include <cstdint>

namespace kernel::abi {

enum class Status : std::uint32_t {
    ok = 0,
    again,             // bounded work was done, more is left: repeat the call
    bad_call,          // no such call number
    bad_slot,          // a slot number lies beyond the table
    empty_slot,        // the slot holds no capability
    occupied_slot,     // the destination slot holds one already
    wrong_type,        // the capability names another kind of object
    no_right,          // the capability lacks a right that the call needs
    bad_argument,      // a number lies outside its documented range
    misaligned,        // an address or a size is not page-aligned
    bad_address,       // a virtual address lies outside the slots 1..126, or is not mapped
    no_table,          // a page table is missing on the way (value: its level, 1..3)
    already_mapped,    // the capability, or the page-table entry, maps something already
    not_mapped,        // the capability maps nothing
    frame_taken,       // the frame asked for by name is not free
    no_frames,         // no free frame is left that this account may take
    over_limit,        // the account is at its limit
    over_guarantee,    // the account's guarantee is used up, or cannot be reserved
    busy,              // the object is in use: derived capabilities, mappings or a binding
    bad_state,         // the environment is not in the state that the call needs
    no_environments,   // all environment numbers are taken
    no_executable_writes,  // a mapping may be writable or executable, not both
    slice_taken,       // the position asked for has a capability already
    no_slices,         // every position of the cycle has
    callee_gone,       // the environment that was called has ended
    other_core,        // the object is another core's; or, for cap_lend, it is not
    io_error,          // the device failed, or does not answer any more
    extent_taken,      // the name, or a block, is another extent's
    no_extents,        // the disk has no room, or its table none for one more extent
    no_such_extent,    // no extent has that name
    code_refused,      // the program was not accepted (value: where and why, abi/code.hpp)
    tree_damaged,      // what is on the disk is no tree, or not a whole one
    ownership_refused, // what a block would own is not what it may (detail: abi/tree.hpp)
    block_taken,       // the block asked for by name is not free
    no_blocks,         // the tree has no free block
    not_cached,        // the registry knows no frame of that block
    status_count,
};

}  // namespace kernel::abi

// Reach: which blocks of a disk an environment may use by a capability: an extent, or a node of a
// tree.
#pragma once

#include "kernel/disk/disk.hpp"

namespace kernel::disk {

using abi::Rights;

struct Reach {
    std::uint32_t first;     // block of the disk
    FrameNumber tree;        // object; 0: by an extent
    std::uint32_t block;     // of the tree
    std::uint32_t top;       // tree::top_of that block
    bool metadata;           // it is one block of a tree, which is not data
};

// The extent or node in a slot. Errors: bad_slot, empty_slot, wrong_type, no_right.
Result<cap::CapRef> find_blocks(System& system, const Env& env, Slot slot, Rights rights);
// The disk that it is of.
FrameNumber disk_of_blocks(System& system, cap::CapRef ref);

// `count` blocks of `disk` from `block` on, counted as requests count them; `right`: read or write.
// Errors: as find_blocks; bad_state (a node that names nothing now, a tree that is not ready);
// bad_argument (not of that disk, not its blocks, or metadata and others at once; to be read:
// reserved and never written, so somebody else's contents).
Result<Reach> reach(System& system, FrameNumber disk, const Env& env, Slot slot, Rights right,
                    std::uint32_t block, std::uint32_t count);

}  // namespace kernel::disk

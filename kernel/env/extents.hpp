// Extents: how many capabilities lie in each allocated range of a disk.
//
// An extent capability names its disk's object and a range of blocks, which lies in one record of
// the disk's extent table (kernel/abi/disk.hpp): its own, or a part of it. The record counts them,
// so that it can be told in a moment whether one may be freed. A tree that is open takes all of a
// record, which then has no extent capability.
#pragma once

#include "kernel/abi/disk.hpp"
#include "kernel/env/system.hpp"

namespace kernel::env {

// What a tree's object begins with (kernel/disk/tree/tree.hpp): the extent it is open in.
struct TreeBase {
    FrameNumber disk;
    std::uint32_t first;  // block of the disk
};

// The new extent capability `ref` names `count` blocks from `first` on, which lie in a record.
void name_extent(System& system, CapRef ref, std::uint32_t first, std::uint32_t count);
// The extent capability is about to go.
void forget_extent(System& system, CapRef ref);
// The tree in `object` is open in its extent, or (no object) is not any more.
void name_tree(System& system, const TreeBase& base, FrameNumber object);

}  // namespace kernel::env

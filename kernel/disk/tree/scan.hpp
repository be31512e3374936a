// Scan: what a tree on the disk owns, from its root down, and so what is free.
#pragma once

#include "kernel/disk/tree/view.hpp"

namespace kernel::disk::tree {

// Is it the header of a tree in an extent of so many blocks?
bool sound(const abi::TreeHeader& header, std::uint32_t blocks);

// The tree in (retyped) frames from `object` on, whose header frame is read: to be scanned.
View make_tree(System& system, FrameNumber object, const env::TreeBase& base);

// Goes on with it, in the caller's time: ok, the tree is ready; again: not done yet; io_error (may
// be repeated); tree_damaged.
Status scan(const View& view);

}  // namespace kernel::disk::tree

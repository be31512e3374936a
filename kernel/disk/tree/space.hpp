// Space: who may use which block of a tree, and which are free.
#pragma once

#include "kernel/disk/tree/view.hpp"

namespace kernel::disk::tree {

// The block, or the one that `env` has reserved above it; 0: it may not be used by who holds a node
// of `node`: neither is it, or owned by it within tree_depth_max, nor reserved by env.
std::uint32_t top_of(const View& view, const Env& env, std::uint32_t node, std::uint32_t block);

// Does a node made for `block` in that generation still name it?
inline bool names(const View& view, std::uint32_t block, std::uint32_t generation) {
    return view.blocks[block].state == BlockState::owned &&
           view.blocks[block].generation == generation;
}

// Reserves a free block, this one or the next free one (any_block). Errors: bad_argument (no such
// block), block_taken, no_blocks.
Result<std::uint32_t> allocate(const View& view, const Env& env, std::uint64_t wanted,
                               std::uint32_t type);
// Errors: bad_argument (env has not reserved it).
Result<void> release(const View& view, const Env& env, std::uint64_t block);

// As it is for who looks now.
abi::BlockLook look(const View& view, std::uint32_t block);

}  // namespace kernel::disk::tree

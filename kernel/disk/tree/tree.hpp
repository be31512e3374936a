// Tree: an open tree of blocks (kernel/abi/tree.hpp), in frames that its opener gave:
//
//   object   | Tree | header | contents | owned | Block[blocks] ...                  |
//            |      |        | of the block that is looked at, and what it owns      |
//
// What each block owns is in the Blocks, as lists, so a write is judged by what the new contents
// own alone: what was owned before need not be read again, nor compared in any order.
//
// Durability is told by epochs: the disk counts its flushes, a block remembers the count when it
// was last written (reserved) or when the write was done that gave it up (leaving). It is durable
// once the disk has counted on. Nobody has to look for the blocks that a flush made durable.
//
// What nobody can reach on the disk any more (what a leaving block owned, what an environment that
// is gone had reserved) becomes free one block at a time, where somebody looks for a free one.
//
// Invariants: an owned block is in the list of its parent and in no other; all of a tree that is
// not ready are free but those found; no block is `marked` between two kernel entries.
// Decision: kernel/design/0016-ownership-of-blocks.md.
#pragma once

#include "kernel/abi/tree.hpp"
#include "kernel/code/jit/compiler.hpp"
#include "kernel/env/extents.hpp"

namespace kernel::disk::tree {

using abi::BlockState;
using abi::FrameNumber;

struct Block {
    std::uint16_t parent;  // owned: by that block; reserved: by the environment of that EnvId
    std::uint16_t next;    // owned: the parent's next; reserved: that environment's serial
    std::uint16_t child;   // the first that it owns; 0: none
    BlockState state;
    std::uint8_t type;     // and `marked`
    std::uint32_t epoch;   // see above
    std::uint32_t generation;  // how often it left the tree: nodes of before name nothing
};
static_assert(sizeof(Block) == abi::tree_block_bytes);

inline constexpr std::uint8_t marked = 0x80;  // the contents that are judged own it
inline constexpr std::uint32_t epoch_durable = 0;
inline constexpr std::uint32_t epoch_unwritten = 0xffff'ffff;

enum class TreeState : std::uint32_t { scanning = 0, ready, damaged };

struct Tree {
    env::TreeBase base;
    FrameNumber self;
    TreeState state;
    std::uint32_t blocks;
    std::uint32_t types;
    std::uint32_t cursor;  // of the scan, the block it is at
    std::uint32_t climbing;  // it comes from that block's last child
    std::uint32_t used;    // blocks that the scan has found
    std::uint32_t rotor;   // where the last free block was found
    std::uint32_t steps_max[abi::tree_types_max];  // of the programs
    code::jit::Entry compiled[abi::tree_types_max];  // null: to be interpreted
};
static_assert(sizeof(Tree) <= abi::page_size);

constexpr FrameNumber header_frame(FrameNumber object) { return FrameNumber{object.value + 1}; }
constexpr FrameNumber contents_frame(FrameNumber object) { return FrameNumber{object.value + 2}; }
constexpr FrameNumber owned_frame(FrameNumber object) { return FrameNumber{object.value + 3}; }
constexpr FrameNumber blocks_frame(FrameNumber object) {
    return FrameNumber{object.value + abi::tree_fixed_frames};
}

}  // namespace kernel::disk::tree

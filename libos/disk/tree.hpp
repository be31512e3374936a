// Tree: making, opening and growing a tree of blocks (kernel/abi/tree.hpp).
//
// What the types are, and what is in their blocks, is whose tree it is. This keeps the order of
// writes that the kernel insists on: what is to be owned is durable before what owns it.
#pragma once

#include <span>

#include "libos/code/instruction.hpp"
#include "libos/disk/block_io.hpp"

namespace libos::disk {

using Function = std::span<const code::Instruction>;

// The header of a tree of `blocks` whose types from 1 on have these functions. False: there are too
// many, or they are too long.
bool make_header(kernel::abi::TreeHeader& header, std::uint32_t blocks,
                 std::span<const Function> functions);

// Writes the header, which is in page 0, and page 1 as the root, durably. Errors: as requests.
rt::Result<void> write_tree(BlockIo& io, Slot extent);

// Downloads the functions of the header in page 0, opens the tree in the extent, which is gone
// then, and has it scanned. Its root's node. Errors: no_frames, code_refused, as tree_open and
// tree_scan; where only scanning failed nothing is left open.
rt::Result<Slot> open_tree(rt::Environment& environment, BlockIo& io, Slot extent);

// Takes a node back, with all that was derived from it: the root's closes the tree.
void drop_node(rt::Environment& environment, Slot node);

// A block of `type` for what is in page `index`, written durably: reserved, to be owned by
// something that node's may own. Errors: as tree_allocate and requests; nothing is kept then.
rt::Result<std::uint32_t> put_new(BlockIo& io, Slot node, std::uint32_t type, std::uint32_t index);

}  // namespace libos::disk

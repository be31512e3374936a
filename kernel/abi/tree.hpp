// The tree: an extent whose blocks are guarded one by one, without the kernel knowing any format.
//
// Each block is of a type. Type 0 is data, which owns nothing. Every other type has an ownership
// function, a program that its author brought (abi/code.hpp, CodeKind::ownership): given the
// contents of a block, it tells which blocks that one owns. Each block but the root is owned by
// exactly one, so they are a tree, whose shape on the disk is true at every Instant:
//
// - never a pointer to what is not initialised: what a block owns anew was reserved by who writes
//   it, and written and durable as what it is to be;
// - never a block reused before its pointers are gone: what a block owns no more is free when that
//   write is durable;
// - what is reserved, or not owned, is free after a crash: tree_scan finds it so.
//
//   block   0        1               2 ...
//           | header | root (type 1) | what it owns |
//
// The header is written before the tree is opened and never while it is. A node capability is the
// right to a block and all that it owns, directly or through others.
// Decision: kernel/design/0016-ownership-of-blocks.md.
#pragma once

#include "kernel/abi/types.hpp"

namespace kernel::abi {

inline constexpr std::uint32_t tree_blocks_max = 16384;
inline constexpr std::uint32_t tree_types_max = 8;
inline constexpr std::uint32_t tree_units_max = 496;  // instructions, of all types together
inline constexpr std::uint32_t tree_owned_max = 512;  // by one block
inline constexpr std::uint32_t tree_depth_max = 16;   // from a node down to what is named by it
inline constexpr std::uint32_t tree_root = 1;         // the root block, and its type
inline constexpr std::uint32_t tree_first_block = 2;
inline constexpr std::uint32_t tree_data = 0;         // the type

// ---- the header

struct TreeProgram {
    std::uint32_t first;  // of the header's units
    std::uint32_t units;  // 1..code_units_max; of data: 0
};

struct TreeHeader {
    std::uint64_t magic;
    std::uint64_t checksum;  // of everything else: checksum_of
    std::uint32_t blocks;    // of the extent
    std::uint32_t types;     // 2..tree_types_max, with data
    TreeProgram programs[tree_types_max];
    std::uint64_t reserved[5];
    std::uint64_t units[tree_units_max];
};

inline constexpr std::uint64_t tree_magic = 0x3130'6565'7274'6863;  // "chtree01"

inline std::uint64_t checksum_of(const TreeHeader& header) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(&header);
    std::uint64_t sum = tree_magic;
    for (std::size_t i = 0; i < sizeof header / sizeof(std::uint64_t); ++i) {
        if (i == offsetof(TreeHeader, checksum) / sizeof(std::uint64_t)) continue;
        sum = (sum ^ words[i]) * 0x9e37'79b9'7f4a'7c15;
        sum ^= sum >> 29;
    }
    return sum;
}

// Frames that an open tree of so many blocks takes.
inline constexpr std::uint32_t tree_block_bytes = 16;
inline constexpr std::uint32_t tree_fixed_frames = 4;
constexpr std::uint32_t tree_frames(std::uint32_t blocks) {
    return tree_fixed_frames +
           static_cast<std::uint32_t>((std::uint64_t{blocks} * tree_block_bytes + page_size - 1) >>
                                      page_shift);
}

// ---- what an ownership function is given and answers

// Its second window is Owned[tree_owned_max], all zero: there it writes what the block owns, in any
// order, with gaps (block 0). r0: how many entries to look at; more than there are: these are not
// the contents of a block of this type.
struct Owned {
    std::uint32_t block;
    std::uint32_t type;
};
static_assert(sizeof(Owned) * tree_owned_max == page_size);

// Why a block was not written: DiskCompletion::detail, with the block in question.
enum class OwnershipReason : std::uint32_t {
    none = 0,
    not_its_type,   // the function says so of the contents
    outside,        // a block that the tree does not have, or that nobody can own
    unknown_type,
    twice,          // the same block twice
    another_type,   // it is owned, or reserved, as another type
    not_its_own,    // neither owned by this block already nor reserved by who asks
    not_durable,    // reserved, but not written since, or not durably
    cycle,          // it would own itself
    reason_count,
};
constexpr std::uint32_t detail_of(OwnershipReason reason, std::uint32_t block) {
    return static_cast<std::uint32_t>(reason) << 24 | (block & 0xff'ffff);
}
constexpr OwnershipReason reason_of(std::uint32_t detail) {
    return static_cast<OwnershipReason>(detail >> 24);
}
constexpr std::uint32_t block_of(std::uint32_t detail) { return detail & 0xff'ffff; }

// ---- how it stands with a block (call tree_look)

enum class BlockState : std::uint8_t {
    free = 0,
    reserved,  // by an environment, until it is owned, released, or the environment is gone
    owned,
    leaving,   // nobody's: free as soon as the write that said so is durable
    orphan,    // owned by what is free now: free as well
};
struct BlockLook {
    BlockState state;
    std::uint8_t type;
    bool durable;          // reserved: what was written last is
    std::uint32_t parent;  // owned: by that block
};
constexpr std::uint64_t word_of(const BlockLook& look) {
    return static_cast<std::uint64_t>(look.state) | std::uint64_t{look.type} << 8 |
           std::uint64_t{look.durable} << 16 | std::uint64_t{look.parent} << 32;
}
constexpr BlockLook look_of(std::uint64_t word) {
    return {static_cast<BlockState>(word & 0xff), static_cast<std::uint8_t>(word >> 8 & 0xff),
            (word >> 16 & 1) != 0, static_cast<std::uint32_t>(word >> 32)};
}

static_assert(sizeof(TreeHeader) == page_size);
static_assert(tree_frames(tree_blocks_max) == 68);

}  // namespace kernel::abi

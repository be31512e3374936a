#include "kernel/disk/tree/scan.hpp"

#include "kernel/abi/code.hpp"
#include "kernel/disk/tree/ownership.hpp"
#include "kernel/disk/volume.hpp"

namespace kernel::disk::tree {

namespace {

constexpr std::uint32_t reads_per_call = 4;
constexpr std::uint32_t moves_per_call = 64;

// What the block at the cursor owns is owned by nobody yet, and from now on by it.
bool take_owned(const View& view, std::uint64_t count) {
    if (count > abi::tree_owned_max) return false;
    Tree& tree = view.tree;
    Block& parent = view.blocks[tree.cursor];
    for (std::uint32_t i = 0; i < count; ++i) {
        const abi::Owned& entry = view.owned()[i];
        if (entry.block == 0) continue;
        if (entry.block < abi::tree_first_block || entry.block >= tree.blocks ||
            entry.type >= tree.types) {
            return false;
        }
        Block& block = view.blocks[entry.block];
        if (block.state != BlockState::free) return false;
        block.state = BlockState::owned;
        block.type = static_cast<std::uint8_t>(entry.type);
        block.parent = static_cast<std::uint16_t>(tree.cursor);
        block.next = parent.child;
        parent.child = static_cast<std::uint16_t>(entry.block);
        tree.used++;
    }
    return true;
}

Status look_at_block(const View& view) {
    Tree& tree = view.tree;
    const Status status = read_block(view.system, view.disk(), tree.base.first + tree.cursor,
                                     contents_frame(tree.self));
    if (status != Status::ok) return status;
    const std::uint32_t type = view.blocks[tree.cursor].type;
    view.system.memory.charge(price_of(view, type));
    if (take_owned(view, run_function(view, type))) return Status::ok;
    tree.state = TreeState::damaged;
    return Status::tree_damaged;
}

// On to the next block of the tree: children first, then siblings, then up.
void move_on(const View& view) {
    Tree& tree = view.tree;
    const Block& at = view.blocks[tree.cursor];
    if (tree.climbing == 0 && at.child != 0) {
        tree.cursor = at.child;
    } else if (tree.cursor == abi::tree_root) {
        tree.state = TreeState::ready;
    } else {
        tree.climbing = at.next == 0 ? 1 : 0;
        tree.cursor = at.next == 0 ? at.parent : at.next;
    }
}

}  // namespace

bool sound(const abi::TreeHeader& header, std::uint32_t blocks) {
    if (header.magic != abi::tree_magic || header.checksum != checksum_of(header)) return false;
    if (header.blocks != blocks || header.types < 2 || header.types > abi::tree_types_max) {
        return false;
    }
    for (std::uint32_t type = 1; type < header.types; ++type) {
        const abi::TreeProgram& program = header.programs[type];
        if (program.units == 0 || program.units > abi::code_units_max ||
            program.first > abi::tree_units_max - program.units) {
            return false;
        }
    }
    return true;
}

View make_tree(System& system, FrameNumber object, const env::TreeBase& base) {
    const View view = view_of(system, object);
    view.tree = Tree{};
    view.tree.base = base;
    view.tree.self = object;
    view.tree.blocks = view.header().blocks;
    view.tree.types = view.header().types;
    view.tree.cursor = abi::tree_root;
    view.tree.used = abi::tree_first_block;
    view.tree.rotor = abi::tree_root;
    __builtin_memset(view.blocks, 0, view.tree.blocks * sizeof(Block));
    for (std::uint32_t i = 0; i < abi::tree_first_block; ++i) {
        view.blocks[i].state = BlockState::owned;
        view.blocks[i].type = static_cast<std::uint8_t>(i);  // the root's is tree_root
    }
    return view;
}

Status scan(const View& view) {
    Tree& tree = view.tree;
    std::uint32_t reads = 0;
    for (std::uint32_t i = 0; i < moves_per_call && tree.state == TreeState::scanning; ++i) {
        if (tree.climbing == 0 && view.blocks[tree.cursor].type != abi::tree_data) {
            if (reads++ == reads_per_call) return Status::again;
            const Status status = look_at_block(view);
            if (status != Status::ok) return status;
        }
        move_on(view);
    }
    if (tree.state == TreeState::damaged) return Status::tree_damaged;
    return tree.state == TreeState::ready ? Status::ok : Status::again;
}

}  // namespace kernel::disk::tree

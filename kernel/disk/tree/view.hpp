// View: a tree and its parts, as functions over it have them at hand.
#pragma once

#include "kernel/disk/disk.hpp"
#include "kernel/disk/tree/tree.hpp"

namespace kernel::disk::tree {

struct View {
    System& system;
    Tree& tree;
    Block* blocks;

    Disk& disk() const { return disk_of(system, tree.base.disk); }
    const abi::TreeHeader& header() const {
        return system.memory.object<abi::TreeHeader>(header_frame(tree.self));
    }
    abi::Owned* owned() const { return &system.memory.object<abi::Owned>(owned_frame(tree.self)); }
    bool durable(const Block& block) const { return block.epoch < disk().epoch; }
    bool reserved_by(const Block& block, const Env& env) const {
        return block.state == BlockState::reserved && block.parent == env.id.value &&
               block.next == system.info(env).serial;
    }
};

inline View view_of(System& system, FrameNumber object) {
    return {system, system.memory.object<Tree>(object),
            &system.memory.object<Block>(blocks_frame(object))};
}

}  // namespace kernel::disk::tree

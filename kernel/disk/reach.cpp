#include "kernel/disk/reach.hpp"

#include "kernel/disk/tree/space.hpp"
#include "kernel/env/holdings.hpp"

namespace kernel::disk {

namespace {

using abi::CapType;
using cap::Capability;

Result<Reach> reach_extent(const Capability& extent, std::uint32_t block, std::uint32_t count) {
    if (std::uint64_t{block} + count > cap::extent_count(extent)) {
        return base::error(Status::bad_argument);
    }
    return Reach{cap::extent_first(extent) + block, FrameNumber{0}, 0, 0, false};
}

Result<Reach> reach_node(System& system, const Env& env, const Capability& node, Rights right,
                         std::uint32_t block, std::uint32_t count) {
    const tree::View view = tree::view_of(system, node.object);
    if (view.tree.state != tree::TreeState::ready ||
        !tree::names(view, node.mapping, node.peer)) {
        return base::error(Status::bad_state);
    }
    if (std::uint64_t{block} + count > view.tree.blocks) return base::error(Status::bad_argument);
    Reach found{view.tree.base.first + block, node.object, block, 0, false};
    for (std::uint32_t i = block; i < block + count; ++i) {
        const tree::Block& at = view.blocks[i];
        found.top = tree::top_of(view, env, node.mapping, i);
        found.metadata |= at.type != abi::tree_data;
        const bool foreign = at.state == abi::BlockState::reserved &&
                             at.epoch == tree::epoch_unwritten && right == Rights::read;
        if (found.top == 0 || foreign) return base::error(Status::bad_argument);
    }
    if (found.metadata && count != 1 && right == Rights::write) {
        return base::error(Status::bad_argument);
    }
    return found;
}

}  // namespace

Result<cap::CapRef> find_blocks(System& system, const Env& env, Slot slot, Rights rights) {
    const cap::CapRef ref = TRY(env::slot_of(env, slot));
    const CapType type = system.forest.at(ref).type;
    return env::find(system, env, slot, type == CapType::node ? type : CapType::extent, rights);
}

FrameNumber disk_of_blocks(System& system, cap::CapRef ref) {
    const Capability& capability = system.forest.at(ref);
    if (capability.type == CapType::extent) return capability.object;
    return system.memory.object<env::TreeBase>(capability.object).disk;
}

Result<Reach> reach(System& system, FrameNumber disk, const Env& env, Slot slot, Rights right,
                    std::uint32_t block, std::uint32_t count) {
    const cap::CapRef ref = TRY(find_blocks(system, env, slot, right));
    const Capability& capability = system.forest.at(ref);
    if (disk_of_blocks(system, ref) != disk) return base::error(Status::bad_argument);
    if (capability.type == CapType::extent) return reach_extent(capability, block, count);
    return reach_node(system, env, capability, right, block, count);
}

}  // namespace kernel::disk

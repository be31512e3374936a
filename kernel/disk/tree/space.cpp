#include "kernel/disk/tree/space.hpp"

namespace kernel::disk::tree {

namespace {

bool alive(System& system, std::uint32_t id, std::uint16_t serial) {
    return system.envs[id].value != 0 && system.infos[id].serial == serial;
}

// Can nobody reach it on the disk, nor say that he will?
bool given_up(const View& view, const Block& block) {
    switch (block.state) {
        case BlockState::reserved: return !alive(view.system, block.parent, block.next);
        case BlockState::leaving: return view.durable(block);
        case BlockState::owned: return false;
        default: return true;
    }
}

// What it owned is nobody's.
void make_free(const View& view, Block& block) {
    for (std::uint32_t i = block.child; i != 0;) {
        Block& child = view.blocks[i];
        i = child.next;
        child.state = BlockState::orphan;
        child.parent = 0;
        child.next = 0;
        child.generation++;
    }
    const std::uint32_t generation = block.generation;
    block = Block{};
    block.generation = generation + 1;
}

bool exists(const View& view, std::uint64_t block) {
    return block >= abi::tree_first_block && block < view.tree.blocks;
}

std::uint32_t next_free(const View& view) {
    Tree& tree = view.tree;
    for (std::uint32_t i = abi::tree_first_block; i < tree.blocks; ++i) {
        tree.rotor = exists(view, tree.rotor + 1) ? tree.rotor + 1 : abi::tree_first_block;
        if (given_up(view, view.blocks[tree.rotor])) return tree.rotor;
    }
    return 0;
}

}  // namespace

std::uint32_t top_of(const View& view, const Env& env, std::uint32_t node, std::uint32_t block) {
    for (std::uint32_t depth = 0; depth <= abi::tree_depth_max; ++depth) {
        const Block& at = view.blocks[block];
        if (view.reserved_by(at, env) || (block == node && at.state == BlockState::owned)) {
            return block;
        }
        if (at.state != BlockState::owned || block == abi::tree_root) return 0;
        block = at.parent;
    }
    return 0;
}

Result<std::uint32_t> allocate(const View& view, const Env& env, std::uint64_t wanted,
                               std::uint32_t type) {
    const bool any = wanted == abi::any_block;
    if (!any && !exists(view, wanted)) return base::error(Status::bad_argument);
    const std::uint32_t found = any ? next_free(view) : static_cast<std::uint32_t>(wanted);
    if (found == 0) return base::error(Status::no_blocks);
    Block& block = view.blocks[found];
    if (!given_up(view, block)) return base::error(Status::block_taken);
    make_free(view, block);
    block.state = BlockState::reserved;
    block.parent = env.id.value;
    block.next = view.system.info(env).serial;
    block.type = static_cast<std::uint8_t>(type);
    block.epoch = epoch_unwritten;
    return found;
}

Result<void> release(const View& view, const Env& env, std::uint64_t block) {
    if (!exists(view, block) || !view.reserved_by(view.blocks[block], env)) {
        return base::error(Status::bad_argument);
    }
    make_free(view, view.blocks[block]);
    return {};
}

abi::BlockLook look(const View& view, std::uint32_t number) {
    const Block& block = view.blocks[number];
    if (given_up(view, block)) return {BlockState::free, 0, false, 0};
    const bool owned = block.state == BlockState::owned;
    return {block.state, block.type, owned || view.durable(block), owned ? block.parent : 0u};
}

}  // namespace kernel::disk::tree

/// The tree's shape, and what it says of the space map.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/check/checker.hpp"

namespace libos::fs::cofs {

void Checker::found(Problem problem, std::uint64_t inode, BlockNumber block, bool repaired) {
    if (report_.problems < CheckReport::findings_max) {
        report_.findings[report_.problems] = {problem, inode, block, repaired};
    }
    ++report_.problems;
    if (repaired) ++report_.repaired;
}

// Notes a node that a repair gives up.
bool Checker::damaged(Problem problem, const Level& level) {
    const bool mendable = repair_ && damaged_ < damaged_max &&
                          level.pointer.level < store_.transaction().root.level;
    found(problem, 0, level.pointer.block, mendable);
    if (mendable) damaged_nodes_[damaged_] = {level.low, level.pointer.level, level.pointer.block};
    ++damaged_;
    return false;
}

// A node may be entered: it can be read, and is where its keys belong.
bool Checker::enter(const Level& level, std::uint64_t born_max) {
    if (level.pointer.born > born_max || !claimed_.content(level.pointer.block)) {
        return damaged(Problem::node_damaged, level);
    }
    if (claimed_.used(level.pointer.block)) return damaged(Problem::block_shared, level);
    const auto ref = store_.tree().read(level.pointer);
    bool good = ref.has_value();
    if (good) {
        const Node node{ref->bytes()};
        const std::uint32_t count = node.count();
        const bool root = level.pointer.block == store_.transaction().root.block;
        good = count == 0 ? root
                          : !(node.key(0) < level.low) &&
                                (level.open || node.key(count - 1) < level.high);
    }
    if (!good) return damaged(Problem::node_damaged, level);
    ++report_.nodes;
    claimed_.claim(level.pointer.block);
    const Node node{ref->bytes()};
    if (node.level() == 0) claim_items(node);
    return true;
}

// Nodes that cannot be read are given up, and what lay below them with them.
Result<void> Checker::cut_damaged() {
    for (std::uint32_t i = 0; i < damaged_; ++i) {
        const Damaged& node = damaged_nodes_[i];
        TRY(store_.begin(Effect::shrinks));
        TRY(store_.tree().cut(node.low, node.level, node.block));
    }
    return {};
}

void Checker::claim_items(const Node& leaf) {
    for (std::uint32_t i = 0; i < leaf.count(); ++i) {
        if (leaf.key(i).type() != ItemType::map) continue;
        const auto map = Chunk::decode(leaf.value(i));
        if (!map) continue;
        for (const BlockNumber block : map->block) {
            if (block == 0) continue;
            ++report_.data_blocks;
            if (!claimed_.claim(block)) {
                found(Problem::block_shared, leaf.key(i).object, block, false);
            }
        }
    }
}

// Whether all of the tree can be read.
Result<bool> Checker::check_shape() {
    claimed_.clear();
    std::array<Level, Tree::levels_max> path;
    path[0] = {.pointer = store_.transaction().root, .slot = 0, .low = {}, .high = {},
               .open = true};
    if (!enter(path[0], store_.superblock().sequence)) return false;
    bool whole = true;
    std::uint32_t depth = 0;
    for (;;) {
        Level& here = path[depth];
        const BlockRef ref = TRY(store_.tree().read(here.pointer));
        const Node node{ref.bytes()};
        if (node.level() == 0 || here.slot == node.count()) {
            if (depth == 0) return whole;
            --depth;
            continue;
        }
        const std::uint32_t slot = here.slot++;
        Level below{.pointer = node.child(slot),
                    .slot = 0,
                    .low = slot > 0 ? node.key(slot) : here.low,
                    .high = slot + 1 < node.count() ? node.key(slot + 1) : here.high,
                    .open = slot + 1 < node.count() ? false : here.open};
        if (below.pointer.level + 1 != node.level()) {
            below.pointer.level = node.level() - 1;
            damaged(Problem::node_damaged, below);
            whole = false;
        } else if (enter(below, here.pointer.born)) {
            path[++depth] = below;
        } else {
            whole = false;
        }
    }
}

Result<void> Checker::check_space(bool readable) {
    if (!readable) found(Problem::space_map_unreadable, 0, 0, repair_);
    SpaceMap& space = store_.space();
    if (repair_) {
        if (space.become(claimed_) == 0) return {};
        if (readable) found(Problem::space_map_wrong, 0, 0, true);
        store_.transaction().changed = true;
        return {};
    }
    if (!readable) return {};
    for (BlockNumber b = 0; b < space.blocks(); ++b) {
        if (space.used(b) == claimed_.used(b)) continue;
        found(Problem::space_map_wrong, 0, b, false);
        break;
    }
    return {};
}

}  // namespace libos::fs::cofs

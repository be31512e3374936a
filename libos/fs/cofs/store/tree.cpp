#include "libos/fs/cofs/store/tree.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"

namespace libos::fs::cofs {

void Tree::build(Cache& cache, SpaceMap& space, Transaction& transaction) {
    cache_ = &cache;
    space_ = &space;
    transaction_ = &transaction;
}

Result<void> Tree::create() {
    const auto root = TRY(new_node(0, SpaceMap::data_start(space_->blocks())));
    transaction_->root = Node{root.bytes()}.pointer();
    return {};
}

Result<BlockRef> Tree::read(const Pointer& pointer) {
    if (pointer.level >= levels_max || !space_->content(pointer.block)) {
        return error(Error::corrupt);
    }
    BlockRef ref = TRY(cache_->read(pointer.block, Content::node));
    const Node node{ref.bytes()};
    if (!ref.verified()) {
        if (const auto good = node.verify(pointer); !good) {
            ref.reset();
            TRY(cache_->drop(pointer.block));
            return error(good.error());
        }
        ref.set_verified();
    }
    const Pointer found = node.pointer();
    const bool same = found.block == pointer.block && found.level == pointer.level &&
                      found.born == pointer.born;
    if (!same) return error(Error::corrupt);
    return ref;
}

Result<BlockRef> Tree::step_down(const Pointer& pointer, const Range& range) {
    BlockRef ref = TRY(read(pointer));
    const Node node{ref.bytes()};
    const std::uint32_t count = node.count();
    if (count > 0 && node.key(0) < range.low) return error(Error::corrupt);
    if (count > 0 && !range.open && !(node.key(count - 1) < range.high)) {
        return error(Error::corrupt);
    }
    return ref;
}

// The leaf that holds `k`, if it is remembered and in memory; else nothing.
Result<BlockRef> Tree::known_leaf(Key k, Range& range) {
    const Leaf& leaf = remembered(k);
    const bool holds = leaf.shape == shape_ && leaf.range.low <= k &&
                       (leaf.range.open || k < leaf.range.high);
    if (!holds) return BlockRef{};
    BlockRef ref = TRY(cache_->read(leaf.block, Content::node));
    if (!ref.verified()) return BlockRef{};
    range = leaf.range;
    return ref;
}

// The same where it may be changed as it lies.
Result<BlockRef> Tree::fresh_leaf(Key k) {
    Range range;
    BlockRef ref = TRY(known_leaf(k, range));
    if (!ref || !space_->fresh(ref.block())) return BlockRef{};
    return ref;
}

// The leaf whose range holds `k`, and that range.
Result<BlockRef> Tree::leaf_of(Key k, Range& range) {
    if (BlockRef known = TRY(known_leaf(k, range))) return known;
    range = Range{};
    BlockRef ref = TRY(step_down(transaction_->root, range));
    for (;;) {
        const Node node{ref.bytes()};
        if (node.level() == 0) {
            remembered(k) = {ref.block(), shape_, range};
            return ref;
        }
        const std::uint32_t slot = node.covering(k);
        const Pointer child = node.child(slot);
        if (child.level + 1 != node.level() || child.born > node.pointer().born) {
            return error(Error::corrupt);
        }
        if (slot > 0) range.low = node.key(slot);
        if (slot + 1 < node.count()) {
            range.high = node.key(slot + 1);
            range.open = false;
        }
        ref = TRY(step_down(child, range));
        if (Node{ref.bytes()}.count() == 0) return error(Error::corrupt);
    }
}

Result<Item> Tree::find(Key k) {
    Range range;
    BlockRef ref = TRY(leaf_of(k, range));
    const Node leaf{ref.bytes()};
    const std::uint32_t slot = leaf.lower_bound(k);
    if (slot == leaf.count() || leaf.key(slot) != k) return Item{};
    return Item{std::move(ref), k, leaf.value(slot)};
}

Result<Item> Tree::lower_bound(Key k, Key last) {
    if (last < k) return Item{};
    // No leaf but a root is empty: the second has an item, if the first has none.
    for (int tries = 0; tries < 2; ++tries) {
        Range range;
        BlockRef ref = TRY(leaf_of(k, range));
        const Node leaf{ref.bytes()};
        const std::uint32_t slot = leaf.lower_bound(k);
        if (slot < leaf.count()) {
            const Key found = leaf.key(slot);
            if (last < found) return Item{};
            return Item{std::move(ref), found, leaf.value(slot)};
        }
        if (range.open || last < range.high) return Item{};
        k = range.high;
    }
    return error(Error::corrupt);
}

// ---- changes

Result<BlockRef> Tree::new_node(std::uint32_t level, BlockNumber near) {
    const auto block = space_->allocate(near);
    if (!block) return error(Error::no_space);
    BlockRef ref = TRY(cache_->make(*block, Content::node));
    Node{ref.bytes()}.format(*block, level, transaction_->sequence);
    ++shape_;
    transaction_->changed = true;
    return ref;
}

Result<void> Tree::release(BlockRef& node) {
    ++shape_;
    const BlockNumber block = node.block();
    node.reset();
    TRY(cache_->drop(block));
    if (!space_->release(block)) return error(Error::corrupt);
    return {};
}

// Makes a node fresh: where it is, or elsewhere.
Result<void> Tree::shadow(BlockRef& node) {
    const BlockNumber old = node.block();
    transaction_->changed = true;
    if (space_->fresh(old)) {
        node.set_dirty();
        return {};
    }
    const auto block = space_->allocate(old);
    if (!block) return error(Error::no_space);
    ++shape_;
    TRY(node.move_to(*block));
    Node{node.bytes()}.rename(*block, transaction_->sequence);
    if (!space_->release(old)) return error(Error::corrupt);
    return {};
}

// The path to the leaf that holds `k`, or to the node of `level` above it, all of it fresh.
Result<void> Tree::change_path(Key k, Path& path, std::uint32_t level) {
    Range range;
    Pointer pointer = transaction_->root;
    for (path.length = 0; path.length < levels_max;) {
        BlockRef ref = TRY(step_down(pointer, range));
        TRY(shadow(ref));
        Node node{ref.bytes()};
        const Pointer now = node.pointer();
        if (path.length == 0) {
            transaction_->root = now;
        } else {
            Step& above = path.leaf();
            cofs::store(Node{above.node.bytes()}.value(above.slot), 0, now);
        }
        Step& step = path.steps[path.length++];
        step.node = std::move(ref);
        step.slot = node.level() == 0 ? node.lower_bound(k) : node.covering(k);
        if (node.level() == 0 && level == 0) remembered(k) = {step.node.block(), shape_, range};
        if (node.level() == level) return {};
        if (node.level() == 0) return error(Error::corrupt);
        pointer = node.child(step.slot);
        if (pointer.level + 1 != node.level()) return error(Error::corrupt);
        if (step.slot > 0) range.low = node.key(step.slot);
        if (step.slot + 1 < node.count()) {
            range.high = node.key(step.slot + 1);
            range.open = false;
        }
    }
    return error(Error::corrupt);
}

namespace {

// Into a leaf that may be changed. False: it has no room, and nothing was changed.
bool put_in(const BlockRef& ref, Key k, std::span<const std::byte> value) {
    Node leaf{ref.bytes()};
    const std::uint32_t slot = leaf.lower_bound(k);
    const bool there = slot < leaf.count() && leaf.key(slot) == k;
    const std::size_t old = there ? leaf.value(slot).size() : 0;
    if (!there && !leaf.fits(value.size())) return false;
    if (there && leaf.used() - old + value.size() > Node::capacity) return false;
    ref.set_dirty();
    if (there && old == value.size()) {
        std::ranges::copy(value, leaf.value(slot).begin());
        return true;
    }
    if (there) leaf.remove(slot);
    leaf.insert(slot, k, value);
    return true;
}

// Takes an item out of a leaf that may be changed. False: it is not there, or the leaf would become
// so poor that the tree's shape may change; nothing was changed.
bool erase_in(const BlockRef& ref, Key k) {
    Node leaf{ref.bytes()};
    const std::uint32_t slot = leaf.lower_bound(k);
    if (slot == leaf.count() || leaf.key(slot) != k) return false;
    const std::size_t bytes = leaf.value(slot).size() + Node::slot_bytes;
    if (leaf.count() == 1 || leaf.used() - bytes < Node::capacity / 4) return false;
    ref.set_dirty();
    leaf.remove(slot);
    return true;
}

}  // namespace

Result<void> Tree::put(Key k, std::span<const std::byte> value) {
    CHITIN_ASSERT(value.size() <= payload_max);
    ++changes_;
    if (const BlockRef known = TRY(fresh_leaf(k)); known && put_in(known, k, value)) return {};
    Path path;
    TRY(change_path(k, path));
    Node leaf{path.leaf().node.bytes()};
    const std::uint32_t slot = path.leaf().slot;
    if (slot < leaf.count() && leaf.key(slot) == k) {
        if (leaf.value(slot).size() == value.size()) {
            std::ranges::copy(value, leaf.value(slot).begin());
            return {};
        }
        leaf.remove(slot);
    }
    return insert(path, {k, value});
}

Result<void> Tree::patch(Key k, std::size_t offset, std::span<const std::byte> bytes) {
    ++changes_;
    Path path;
    BlockRef known = TRY(fresh_leaf(k));
    if (!known) TRY(change_path(k, path));
    const BlockRef& ref = known ? known : path.leaf().node;
    ref.set_dirty();
    const Node leaf{ref.bytes()};
    const std::uint32_t slot = leaf.lower_bound(k);
    if (slot == leaf.count() || leaf.key(slot) != k) return error(Error::corrupt);
    const auto value = leaf.value(slot);
    if (offset + bytes.size() > value.size()) return error(Error::corrupt);
    std::ranges::copy(bytes, value.subspan(offset).begin());
    return {};
}

// Splits `node`, which has no room for `item` at slot `at`; returns the new right one.
Result<BlockRef> Tree::split(Node node, BlockNumber near, std::uint32_t at,
                             const Pending& item) {
    BlockRef made = TRY(new_node(node.level(), near));
    Node right{made.bytes()};
    const auto item_bytes = static_cast<std::uint32_t>(item.value.size()) + Node::slot_bytes;
    const std::uint32_t half = (node.used() + item_bytes) / 2;
    // Items come in ascending order more often than not: then the left one stays full.
    std::uint32_t cut = node.count();
    bool item_left = false;
    if (at < node.count()) {
        std::uint32_t bytes = 0;
        cut = 0;
        for (; cut < node.count() && bytes < half; ++cut) {
            if (cut == at && !item_left) {
                bytes += item_bytes;
                item_left = true;
                if (bytes >= half) break;
            }
            bytes += static_cast<std::uint32_t>(node.value(cut).size()) + Node::slot_bytes;
        }
    }
    node.move_tail(cut, right);
    if (item_left) {
        node.insert(at, item.key, item.value);
    } else {
        right.insert(at - cut, item.key, item.value);
    }
    CHITIN_ASSERT(node.count() > 0 && right.count() > 0);
    return made;
}

// A new root above the old one; the path gets a first step.
Result<void> Tree::grow_root(Path& path) {
    if (path.length == levels_max) return error(Error::no_space);
    const Pointer old = transaction_->root;
    BlockRef made = TRY(new_node(old.level + 1, old.block));
    Node root{made.bytes()};
    root.insert(0, Key{}, std::as_bytes(std::span{&old, 1}));
    transaction_->root = root.pointer();
    for (std::uint32_t i = path.length; i > 0; --i) path.steps[i] = std::move(path.steps[i - 1]);
    ++path.length;
    path.steps[0].node = std::move(made);
    path.steps[0].slot = 0;
    return {};
}

// At the leaf step's slot; splits as far up as needed.
Result<void> Tree::insert(Path& path, Pending item) {
    Pointer pointer;
    std::uint32_t at = path.leaf().slot;
    for (std::uint32_t depth = path.length; depth-- > 0;) {
        Node node{path.steps[depth].node.bytes()};
        if (node.fits(item.value.size())) {
            node.insert(at, item.key, item.value);
            return {};
        }
        const BlockRef made =
            TRY(split(node, path.steps[depth].node.block(), at, item));
        const Node right{made.bytes()};
        pointer = right.pointer();
        item = {right.key(0), std::as_bytes(std::span{&pointer, 1})};
        if (depth == 0) {
            TRY(grow_root(path));
            depth = 1;
        }
        at = path.steps[depth - 1].slot + 1;
    }
    return error(Error::corrupt);
}

Result<void> Tree::erase(Key k) {
    ++changes_;
    if (const BlockRef known = TRY(fresh_leaf(k)); known && erase_in(known, k)) return {};
    Path path;
    TRY(change_path(k, path));
    Node leaf{path.leaf().node.bytes()};
    const std::uint32_t slot = path.leaf().slot;
    if (slot == leaf.count() || leaf.key(slot) != k) return error(Error::corrupt);
    leaf.remove(slot);
    return after_removal(path);
}

Result<void> Tree::cut(Key k, std::uint32_t level, BlockNumber block) {
    if (level >= transaction_->root.level) return error(Error::corrupt);
    forget();
    Path path;
    TRY(change_path(k, path, level + 1));
    Node above{path.leaf().node.bytes()};
    const std::uint32_t slot = path.leaf().slot;
    if (above.child(slot).block != block) return error(Error::corrupt);
    above.remove(slot);
    for (std::uint32_t depth = path.length - 1; depth > 0; --depth) {
        if (Node{path.steps[depth].node.bytes()}.count() > 0) break;
        TRY(remove_empty(path, depth));
    }
    return shrink_root(path);
}

// From the leaf up: an empty node goes, a poor one joins a neighbour.
Result<void> Tree::after_removal(Path& path) {
    for (std::uint32_t depth = path.length - 1; depth > 0; --depth) {
        const Node node{path.steps[depth].node.bytes()};
        const bool less = node.count() == 0 ? TRY(remove_empty(path, depth))
                                            : TRY(merge(path, depth));
        if (!less) break;
    }
    return shrink_root(path);
}

Result<bool> Tree::remove_empty(Path& path, std::uint32_t depth) {
    TRY(release(path.steps[depth].node));
    Step& above = path.steps[depth - 1];
    Node{above.node.bytes()}.remove(above.slot);
    return true;
}

// Joins a node that is less than a quarter full with the one to its right or left, if both fill
// no more than three quarters. A neighbour that cannot be read stays alone.
Result<bool> Tree::merge(Path& path, std::uint32_t depth) {
    Node node{path.steps[depth].node.bytes()};
    if (node.used() >= Node::capacity / 4) return false;
    Step& above = path.steps[depth - 1];
    Node parent{above.node.bytes()};
    for (const bool to_right : {true, false}) {
        if (to_right ? above.slot + 1 >= parent.count() : above.slot == 0) continue;
        const std::uint32_t other_slot = to_right ? above.slot + 1 : above.slot - 1;
        if (parent.child(other_slot).level != node.level()) return error(Error::corrupt);
        auto other_ref = read(parent.child(other_slot));
        if (!other_ref) continue;
        Node other{other_ref->bytes()};
        if (node.used() + other.used() > Node::capacity * 3 / 4) continue;
        const std::uint32_t right_slot = std::max(above.slot, other_slot);
        const std::uint32_t old_count = node.count();
        for (std::uint32_t i = 0; i < other.count(); ++i) {
            node.insert(to_right ? old_count + i : i, other.key(i), other.value(i));
        }
        // The right one's slot 0 now stands inside a node: its key must be its true bound.
        if (node.level() > 0) {
            const std::uint32_t joint = to_right ? old_count : other.count();
            node.set_key(joint, parent.key(right_slot));
        }
        TRY(release(*other_ref));
        cofs::store(parent.value(above.slot), 0, node.pointer());
        if (!to_right) cofs::store(parent.value(other_slot), 0, node.pointer());
        parent.remove(right_slot);
        return true;
    }
    return false;
}

// A root with one child is one too many; one without any is an empty leaf.
Result<void> Tree::shrink_root(Path& path) {
    for (std::uint32_t depth = 0; depth + 1 < levels_max; ++depth) {
        if (transaction_->root.level == 0) return {};
        BlockRef root = TRY(read(transaction_->root));
        Node node{root.bytes()};
        if (node.count() > 1) return {};
        for (Step& step : path.steps) step.node.reset();
        if (node.count() == 0) {
            node.format(root.block(), 0, transaction_->sequence);
            transaction_->root = node.pointer();
            return {};
        }
        const Pointer child = node.child(0);
        if (child.level + 1 != node.level()) return error(Error::corrupt);
        TRY(release(root));
        transaction_->root = child;
    }
    return {};
}

}  // namespace libos::fs::cofs

#pragma once

/// The B+ tree of all metadata, by shadow paging.
///
/// A change walks from the root down and first moves every node on the way that is not fresh to a
/// free block; the pointer above it, in a fresh node by then, follows. So the last commit's tree
/// stays as it was.
///
/// The leaves of the last keys are remembered with their ranges, until the tree's shape changes.
/// One that is fresh may be changed without a walk: what is above it is fresh too, for a node of
/// the last commit points only to such.
///
/// Invariants: see Node; no node but a root is empty; a node's keys lie in the range that the
/// nodes above give it (checked at every step down, so no damaged disk makes a walk endless).

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "libos/fs/cofs/store/cache.hpp"
#include "libos/fs/cofs/store/node.hpp"
#include "libos/fs/cofs/store/space_map.hpp"

namespace libos::fs::cofs {

/// What the running transaction will commit.
struct Transaction {
    std::uint64_t sequence = 0;  ///< of its commit
    Pointer root;
    std::uint64_t next_inode = 0;
    std::uint64_t files = 0;
    bool changed = false;        ///< something differs from the last commit
};

/// An item where it lies; empty where there is none. Good until the next change of the tree.
struct Item {
    BlockRef node;
    Key key;
    std::span<const std::byte> value;

    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(node); }
};

class Tree {
public:
    static constexpr std::uint32_t levels_max = 8;

    void build(Cache& cache, SpaceMap& space, Transaction& transaction);

    /// Another tree from now on: nothing that was known of it holds.
    void forget() {
        ++shape_;
        ++changes_;
    }
    /// Differs after any change.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }

    /// An empty tree: one leaf.
    Result<void> create();

    /// The item with this key, or none.
    Result<Item> find(Key k);
    /// The first item whose key is not below `k` and not above `last`, or none.
    Result<Item> lower_bound(Key k, Key last);

    /// Inserts, or replaces the value.
    Result<void> put(Key k, std::span<const std::byte> value);
    /// Overwrites a part of a value that is there. Error::corrupt if it is not.
    Result<void> patch(Key k, std::size_t offset, std::span<const std::byte> bytes);
    /// Error::corrupt if it is not there.
    Result<void> erase(Key k);

    /// check()'s: gives up the node at `level` that covers `k` and all below it, for it cannot be
    /// read. Error::corrupt: the pointer there is not to `block`, or it is the root.
    Result<void> cut(Key k, std::uint32_t level, BlockNumber block);

    /// A verified node.
    Result<BlockRef> read(const Pointer& pointer);

    [[nodiscard]] std::uint32_t levels() const { return transaction_->root.level + 1; }

private:
    struct Range {
        Key low;
        Key high;           ///< the first key that is not in it, unless `open`
        bool open = true;
    };
    struct Step {
        BlockRef node;
        std::uint32_t slot = 0;  ///< taken to the step below; of a leaf: lower_bound of the key
    };
    struct Path {
        std::array<Step, levels_max> steps;
        std::uint32_t length = 0;
        [[nodiscard]] Step& leaf() { return steps[length - 1]; }
    };
    struct Pending {
        Key key;
        std::span<const std::byte> value;
    };

    /// A leaf as it was found.
    struct Leaf {
        BlockNumber block = 0;
        std::uint64_t shape = 0;
        Range range;
    };

    Leaf& remembered(Key k) {
        const bool inode = k.type() == ItemType::inode;
        return leaves_[inode ? 0 : 1 + k.object % (leaves_.size() - 1)];
    }
    Result<BlockRef> known_leaf(Key k, Range& range);
    Result<BlockRef> fresh_leaf(Key k);
    Result<BlockRef> step_down(const Pointer& pointer, const Range& range);
    Result<BlockRef> leaf_of(Key k, Range& range);
    Result<void> change_path(Key k, Path& path, std::uint32_t level = 0);
    Result<void> shadow(BlockRef& node);
    Result<BlockRef> new_node(std::uint32_t level, BlockNumber near);
    Result<void> release(BlockRef& node);
    Result<void> insert(Path& path, Pending item);
    Result<BlockRef> split(Node node, BlockNumber near, std::uint32_t at, const Pending& item);
    Result<void> grow_root(Path& path);
    Result<void> after_removal(Path& path);
    Result<bool> remove_empty(Path& path, std::uint32_t depth);
    Result<bool> merge(Path& path, std::uint32_t depth);
    Result<void> shrink_root(Path& path);

    Cache* cache_ = nullptr;
    SpaceMap* space_ = nullptr;
    Transaction* transaction_ = nullptr;
    std::array<Leaf, 8> leaves_{};
    std::uint64_t shape_ = 1;  ///< differs after nodes came, went, moved or changed their ranges
    std::uint64_t changes_ = 0;
};

}  // namespace libos::fs::cofs

#pragma once

/// Table: the file allocation table: which cluster follows which, and which are free.
///
/// Why free clusters are counted at open(): the number on the disk is only a hint, and a call that
/// will not find room must say so before it changes anything.
///
/// Invariants: free_count() is exact while the table is consistent; every copy that counts is
/// written; no walk takes more steps than the volume has clusters.
/// Source: Microsoft's FAT specification 1.03, "FAT Data Structure".

#include "libos/fs/choice/allocation.hpp"
#include "libos/fs/fat/volume.hpp"

namespace libos::fs::fat {

/// Where a cluster leads.
enum class Link : std::uint8_t { free, next, end, bad, wrong };

class Table {
public:
    explicit Table(Volume& volume, choice::Index allocation = choice::AnyAllocation::next_fit)
        : volume_{volume}, allocation_{allocation} {}

    /// Counts what is free. Error::io.
    Result<void> open();
    /// Writes FAT32's information sector.
    Result<void> save_counts();

    [[nodiscard]] std::uint32_t free_count() const { return free_count_; }

    /// The raw entry, without FAT32's reserved bits, of a cluster that the volume holds, or 0, 1;
    /// in copy `fat`.
    Result<std::uint32_t> entry(Cluster cluster, std::uint32_t fat);
    Result<std::uint32_t> entry(Cluster cluster) {
        return entry(cluster, volume_.geometry().active_fat);
    }
    Result<void> set_entry(Cluster cluster, std::uint32_t value);

    [[nodiscard]] Link kind(std::uint32_t entry) const;
    [[nodiscard]] std::uint32_t end_mark() const;
    [[nodiscard]] std::uint32_t bad_mark() const { return end_mark() - 8; }

    /// The cluster after `cluster`, no_cluster at the end. Error::corrupt: it leads nowhere.
    Result<Cluster> next(Cluster cluster);
    /// The cluster that is number `index` of the chain from `first`; no_cluster: it is shorter.
    Result<Cluster> at(Cluster first, std::uint32_t index);
    /// Clusters of the chain. Error::corrupt: it has a loop.
    Result<std::uint32_t> length(Cluster first);

    /// `count` new clusters in a chain, which is appended to `tail` unless that is no_cluster:
    /// the first of them. Error::no_space changes nothing. Their bytes are whatever they were.
    /// `directory`: the first cluster of the directory that the file lies in; 0: not known.
    Result<Cluster> allocate(Cluster tail, std::uint32_t count, Cluster directory = 0);
    /// The chain from `first` is free from its cluster `keep` on; the one before ends it.
    Result<void> cut(Cluster first, std::uint32_t keep);
    Result<void> release(Cluster first) { return cut(first, 0); }

private:
    /// Where a walk of a chain last was, so that reading on does not begin anew.
    struct Cursor {
        Cluster first = no_cluster;
        std::uint32_t index = 0;
        Cluster cluster = no_cluster;
    };
    static constexpr std::size_t cursors_max = 8;

    [[nodiscard]] std::uint64_t fat_start(std::uint32_t fat) const;
    Result<Cluster> find_free(Cluster from);
    Result<Cluster> choose(Cluster tail, std::uint32_t count, Cluster directory);
    Result<void> release_from(Cluster cluster);
    Result<std::uint32_t> count_free();
    void forget(Cluster first);
    Cursor& cursor_of(Cluster first);

    Volume& volume_;
    choice::AnyAllocation allocation_;
    std::uint32_t free_count_ = 0;
    Cluster next_free_ = cluster_first;
    std::array<Cursor, cursors_max> cursors_{};
    std::size_t cursor_turn_ = 0;
};

}  // namespace libos::fs::fat

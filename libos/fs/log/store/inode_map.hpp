#pragma once

/// The inode map: where each inode's block is, and which generation of its number lives.
///
/// All of it is in memory; blocks of it go to the log at a checkpoint, if they changed. A number
/// as callers see it has the generation in its high half, so that a freed one is stale for good.

#include <cstdint>
#include <optional>
#include <span>

#include "libos/fs/log/layout.hpp"

namespace libos::fs::log {

constexpr std::uint32_t index_of(std::uint64_t number) {
    return static_cast<std::uint32_t>(number);
}
constexpr std::uint32_t generation_of(std::uint64_t number) {
    return static_cast<std::uint32_t>(number >> 32);
}
constexpr std::uint64_t number_of(std::uint32_t index, std::uint32_t generation) {
    return std::uint64_t{generation & ~orphan_bit} << 32 | index;
}

class InodeMap {
public:
    /// `addresses` of the map's blocks lie in the checkpoint region; `dirty` has a bit for each.
    void build(const Geometry& geometry, std::span<MapEntry> entries,
               std::span<Address> addresses, std::span<std::uint64_t> dirty);
    /// Empty, and nothing to write.
    void clear();
    /// Entries from a block of the map.
    void load(std::uint32_t block, std::span<const std::byte> bytes);
    void save(std::uint32_t block, std::span<std::byte> bytes) const;
    /// Counts files. Error::corrupt: an address lies outside the log.
    Result<void> check();

    /// The entry of a number, if that generation lives.
    [[nodiscard]] std::optional<MapEntry> find(std::uint64_t number) const;
    /// Any entry: `index` is below Geometry::inodes.
    [[nodiscard]] const MapEntry& at(std::uint32_t index) const { return entries_[index]; }
    /// A number that is free; nothing is taken.
    std::optional<std::uint64_t> vacancy();
    /// The inode lies there now. Of a free entry: it is made.
    void place(std::uint64_t number, Address address, bool orphan);
    void set_orphan(std::uint64_t number, bool orphan);
    /// The number is free, its generation over.
    void release(std::uint64_t number);

    [[nodiscard]] std::uint32_t files() const { return files_; }
    [[nodiscard]] std::span<Address> addresses() { return addresses_; }
    [[nodiscard]] bool dirty(std::uint32_t block) const {
        return (dirty_[block / 64] >> (block % 64) & 1) != 0;
    }
    void mark(std::uint32_t block);
    void clean(std::uint32_t block);
    [[nodiscard]] std::uint32_t dirty_count() const { return dirty_count_; }

private:
    void touch(std::uint32_t index) { mark(index / map_entries); }

    Geometry geometry_;
    std::span<MapEntry> entries_;
    std::span<Address> addresses_;
    std::span<std::uint64_t> dirty_;
    std::uint32_t dirty_count_ = 0;
    std::uint32_t files_ = 0;
    std::uint32_t hand_ = root_index;
};

}  // namespace libos::fs::log

#pragma once

/// Which address each block of a file has: direct ones in the inode, the others below up to five
/// levels of indirect blocks. Blocks of attributes have indices from `attributes_first` on.
///
/// ```
/// inode:  0 .. 970 | tree of 1 level | 2 levels | 3 | 4 | 5
///                         |               |
///                    1018 addresses   1018 x 1018 ...
/// ```
///
/// Every indirect block says whose it is and what it covers, so that no damaged disk makes a walk
/// endless: a block has one place.

#include <array>
#include <cstdint>
#include <optional>

#include "libos/fs/log/file/inodes.hpp"

namespace libos::fs::log {

inline constexpr std::uint64_t attributes_first = std::uint64_t{1} << 62;
inline constexpr std::uint64_t file_blocks_max = file_size_max / block_bytes;

/// The way to a block: a slot of the inode, then one of each indirect block.
struct Path {
    std::uint32_t levels = 0;                         ///< of indirect blocks
    std::uint32_t inode_offset = 0;                   ///< byte of the address in the inode
    std::array<std::uint32_t, levels_max + 1> slot{}; ///< in the block of level l, at [l]
    std::array<std::uint64_t, levels_max + 1> first{};///< that block's first index
};

/// How many blocks an address at so many levels covers.
constexpr std::uint64_t covered(std::uint32_t levels) {
    std::uint64_t count = 1;
    for (std::uint32_t l = 0; l < levels; ++l) count *= fan_out;
    return count;
}

/// `index` is below file_blocks_max, or a block of attributes.
Path path_to(std::uint64_t index);

class BlockMap {
public:
    BlockMap(Store& store, Inodes& inodes) : store_{&store}, inodes_{&inodes} {}

    /// What the block at `index` of a file is.
    [[nodiscard]] static Identity identity(const File& file, std::uint64_t index);
    /// Its address; 0: a hole. Error::corrupt, Error::io.
    Result<Address> find(const File& file, std::uint64_t index);
    /// The first block at or after `index` that is no hole, and below `end`.
    Result<std::optional<std::uint64_t>> next(const File& file, std::uint64_t index,
                                              std::uint64_t end);
    /// The block's bytes, to be changed; a hole becomes zeros and is counted. `whole`: what is
    /// there does not matter. Good until the next block is moved.
    Result<std::span<std::byte>> change(File& file, std::uint64_t index, bool whole = false);
    /// Moves the indirect block of `level` that covers from `first` on.
    Result<void> move_indirect(File& file, std::uint32_t level, std::uint64_t first);
    /// The address of that indirect block; 0: there is none.
    Result<Address> find_indirect(const File& file, std::uint32_t level, std::uint64_t first);
    /// Makes a block a hole; false: it was one.
    Result<bool> clear(File& file, std::uint64_t index);
    /// Makes everything from `index` on holes; attributes stay.
    Result<void> shorten(File& file, std::uint64_t index);
    /// Releases all blocks, without a change to the inode: it is about to go.
    Result<void> release_all(const File& file);

    /// What release_all() and check() walk over.
    struct Visit {
        void* context;
        Result<void> (*block)(void* context, Address address, const Identity& identity);
    };
    /// Every block of the file but the inode, the indirect ones behind what they cover.
    Result<void> walk(const File& file, const Visit& visit);

private:
    struct Place {
        Address block = 0;          ///< the indirect one, or 0: the inode
        std::uint32_t offset = 0;   ///< of the address in it
    };
    Result<Address> address_at(const File& file, std::uint32_t offset);
    Result<Address> follow(const File& file, const Path& path, std::uint32_t down_to);
    Result<std::uint32_t> missing(const File& file, const Path& path, std::uint32_t down_to);
    Result<Place> own_path(File& file, const Path& path, std::uint32_t down_to);
    Result<Address> load_place(const File& file, const Place& place);
    Result<void> set(const File& file, const Place& place, Address address);
    Result<void> release_tree(File& file, Address top, std::uint32_t level,
                              std::uint64_t first);
    Result<void> walk_tree(const File& file, Address top, std::uint32_t level,
                           std::uint64_t first, const Visit& visit);
    Result<void> shorten_path(File& file, std::uint64_t index);
    Result<void> shorten_block(File& file, const Path& path, std::uint32_t level);

    Store* store_;
    Inodes* inodes_;
};

}  // namespace libos::fs::log

#pragma once

/// A file's data: blocks that are moved when they are overwritten, a checksum each.
///
/// Placement: a file's next block follows the one before; where its first one goes is the mount's
/// allocation policy. The format's own is explicit grouping: the first blocks of a small file go to
/// its directory's group of 64 KiB, which the small files of that directory fill one after the
/// other.
///
/// Invariant: in every mapped block, bytes behind the file's size are zero.
///
/// Every function that changes works on one consistent step: the caller has asked begin() for the
/// room, and saves the body afterwards. It fails before it changed anything, or breaks the store.

#include <array>
#include <cstdint>
#include <span>

#include "libos/fs/cofs/file/chunk.hpp"
#include "libos/fs/cofs/file/inodes.hpp"

namespace libos::fs::cofs {

class FileData {
public:
    FileData(Store& store, Inodes& inodes) : store_{&store}, inodes_{&inodes} {}

    /// Another file system from now on.
    void forget() { known_ = {}; }

    /// `into` lies below the file's size. Error::io, Error::corrupt.
    Result<void> read(const File& file, std::uint64_t offset, std::span<std::byte> into);
    /// Writes within one chunk. The body's blocks are counted, its size grows.
    Result<void> write(File& file, std::uint64_t offset, std::span<const std::byte> from);
    /// Frees and zeroes what lies in [offset, offset + bytes) of one chunk.
    Result<void> clear(File& file, std::uint64_t offset, std::uint64_t bytes);
    /// Gives every hole of the blocks [first, last] of a chunk a block of zeros.
    Result<void> fill(File& file, std::uint64_t chunk, std::uint32_t first, std::uint32_t last);
    /// Frees everything from `size` on, and zeroes the rest of that block.
    Result<void> shorten(File& file, std::uint64_t size);
    /// Frees all that the inode has: data, target, attributes, its inode item.
    Result<void> remove(std::uint64_t number);
    /// The first chunk at or after `chunk` that has blocks; Error::no_entry if none.
    Result<std::uint64_t> next_chunk(std::uint64_t number, std::uint64_t chunk);
    /// How many of the chunk's blocks [first, last] are there.
    Result<std::uint32_t> mapped(const File& file, std::uint64_t chunk, std::uint32_t first,
                                 std::uint32_t last);

private:
    /// A chunk's map as the tree has it: every change of one comes by here.
    struct Known {
        std::uint64_t number = 0;
        std::uint64_t chunk = 0;
        Chunk map;
    };

    Known& known(std::uint64_t number, std::uint64_t chunk) {
        return known_[(number + chunk) % known_.size()];
    }
    void forget(std::uint64_t number, std::uint64_t chunk) {
        Known& one = known(number, chunk);
        if (one.number == number && one.chunk == chunk) one.number = 0;
    }
    Result<const Chunk*> find(std::uint64_t number, std::uint64_t chunk);
    Result<Chunk> load(std::uint64_t number, std::uint64_t chunk);
    Result<void> save(std::uint64_t number, std::uint64_t chunk, const Chunk& map);
    Result<BlockRef> block(const Chunk& map, std::uint32_t i);
    Result<void> verify(const Chunk& map, std::uint32_t i);
    Result<BlockRef> own(File& file, Chunk& map, std::uint32_t i, bool whole,
                         BlockNumber goal);
    Result<void> put(File& file, Chunk& map, std::uint32_t i, std::uint32_t at,
                     std::span<const std::byte> bytes, BlockNumber goal);
    Result<void> zero(File& file, Chunk& map, std::uint32_t i, std::uint32_t from,
                      std::uint32_t to);
    Result<void> free(File& file, Chunk& map, std::uint32_t i);
    Result<BlockNumber> goal(const File& file, std::uint64_t chunk, const Chunk& map,
                             std::uint32_t i, std::uint32_t count);
    Result<BlockNumber> first_goal(const File& file, std::uint32_t count);

    Store* store_;
    Inodes* inodes_;
    std::array<Known, 4> known_{};
};

}  // namespace libos::fs::cofs

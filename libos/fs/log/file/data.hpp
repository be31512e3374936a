#pragma once

/// A file's bytes. A small file's lie in its inode's block; one that outgrew it never goes back.
///
/// Invariant: in every block, and in the inode's, bytes behind the file's size are zero.
///
/// The caller has begun an operation, and saves the file afterwards.

#include <cstdint>
#include <span>

#include "libos/fs/log/file/block_map.hpp"

namespace libos::fs::log {

class FileData {
public:
    FileData(Store& store, Inodes& inodes, BlockMap& map)
        : store_{&store}, inodes_{&inodes}, map_{&map} {}

    /// `into` lies below the file's size. Error::io, Error::corrupt.
    Result<void> read(const File& file, std::uint64_t offset, std::span<std::byte> into);
    /// The size grows to cover it.
    Result<void> write(File& file, std::uint64_t offset, std::span<const std::byte> from);
    Result<void> truncate(File& file, std::uint64_t size);
    /// Blocks of zeros for every hole of [first, last].
    Result<void> fill(File& file, std::uint64_t first, std::uint64_t last);
    /// Holes or zeros in [offset, end), which lies in one block, or begins and ends with one.
    Result<void> clear(File& file, std::uint64_t offset, std::uint64_t end);
    /// How many of the blocks [first, last] are there.
    Result<std::uint32_t> mapped(const File& file, std::uint64_t first, std::uint64_t last);
    /// Lets go of all that an inode has, and of it.
    Result<void> remove(std::uint64_t number);

private:
    Result<void> leave_inode(File& file);
    Result<std::span<std::byte>> embedded(const File& file);

    Store* store_;
    Inodes* inodes_;
    BlockMap* map_;
};

}  // namespace libos::fs::log

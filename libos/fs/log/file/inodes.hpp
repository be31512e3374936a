#pragma once

/// Inodes by number: found through the map, changed by moving to the log's tail.

#include <cstdint>

#include "libos/fs/log/store/store.hpp"

namespace libos::fs::log {

/// An inode as an operation works on it. Addresses stay in the block.
struct File {
    std::uint64_t number = 0;
    Inode4k node;

    [[nodiscard]] Kind kind() const { return static_cast<Kind>(node.mode >> 12); }
};

class Inodes {
public:
    explicit Inodes(Store& store) : store_{&store} {}

    /// Error::stale: there is no such inode; Error::corrupt; Error::io.
    Result<File> load(std::uint64_t number);
    /// Its block, checked; good until the next call. Errors as load().
    Result<std::span<const std::byte>> block(std::uint64_t number);
    /// Its block, to be changed; a block was reserved. Good until the next block is moved.
    Result<std::span<std::byte>> change(std::uint64_t number);
    /// Writes the node back; of a new number it makes the block.
    Result<void> save(const File& file);

private:
    Store* store_;
};

/// Error::corrupt where a field breaks a rule.
Result<void> check_node(const Inode4k& node);

}  // namespace libos::fs::log

#pragma once

/// The read cache of the log: written blocks by address, none of them dirty.

#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/log/layout.hpp"

namespace libos::fs::log {

/// The device in blocks of 4096 bytes, for the cache.
struct WholeBlocks {
    DeviceRef* device = nullptr;

    [[nodiscard]] std::uint32_t block_size() const { return block_bytes; }
    [[nodiscard]] std::uint64_t blocks() const { return device->blocks(); }
    Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        return device->read(static_cast<Address>(first), into);
    }
    Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        return device->write(static_cast<Address>(first), from);
    }
    Result<void> flush() { return device->flush(); }
};

using BlockCache = cache::BlockCache<WholeBlocks, policy::AnyReplacement, choice::AtSync,
                                     choice::AnyReadAhead>;

}  // namespace libos::fs::log

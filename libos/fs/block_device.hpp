#pragma once

/// What a file system stands on: numbered blocks of one size, and a flush.
///
/// Why so little: the same file system runs over an extent of an exokernel's disk, over an image
/// file, over memory in a test, and over a device that records every write to try every crash.
///
/// The contract, which is a disk's with a volatile write cache:
///  - a write that returned may still be lost, torn between sectors of 512 bytes, or overtaken by
///    a later one, until flush() returned;
///  - flush() returns after everything written before it is durable;
///  - a failed read or write (Error::io) leaves the blocks it named in an unknown state, and no
///    others.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/fs/error.hpp"

namespace libos::fs {

template <class D>
concept BlockDevice = requires(D& device, const D& fixed, std::uint64_t first,
                               std::span<std::byte> into, std::span<const std::byte> from) {
    /// Bytes: a power of two, from 512 to 4096.
    { fixed.block_size() } -> std::same_as<std::uint32_t>;
    /// How many blocks: numbered from 0.
    { fixed.blocks() } -> std::same_as<std::uint64_t>;
    /// A whole number of blocks, `first` the first of them. Error::invalid outside the device.
    { device.read(first, into) } -> std::same_as<Result<void>>;
    { device.write(first, from) } -> std::same_as<Result<void>>;
    { device.flush() } -> std::same_as<Result<void>>;
};

}  // namespace libos::fs

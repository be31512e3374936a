#pragma once

/// A block device of any type, in blocks of 4096 bytes.
///
/// Why functions and no template: a file system over it is compiled once.

#include <algorithm>
#include <cstdint>
#include <span>

#include "libos/fs/block_device.hpp"

namespace libos::fs {

class DeviceRef {
public:
    using BlockNumber = std::uint32_t;

    static constexpr std::uint32_t block_bytes = 4096;
    static constexpr std::uint64_t blocks_max = 0xffff'0000;  ///< sums with it stay in 32 bits

    template <BlockDevice D>
    explicit DeviceRef(D& device)
        : self_{&device},
          read_{[](void* self, std::uint64_t first, std::span<std::byte> into) {
              return static_cast<D*>(self)->read(first, into);
          }},
          write_{[](void* self, std::uint64_t first, std::span<const std::byte> from) {
              return static_cast<D*>(self)->write(first, from);
          }},
          flush_{[](void* self) { return static_cast<D*>(self)->flush(); }} {
        const std::uint32_t size = device.block_size();
        ratio_ = size >= 512 && size <= block_bytes ? block_bytes / size : 0;
        if (ratio_ != 0) {
            blocks_ = static_cast<std::uint32_t>(std::min(device.blocks() / ratio_, blocks_max));
        }
    }

    /// 0 for a device whose block size is none that the concept allows.
    [[nodiscard]] std::uint32_t blocks() const { return blocks_; }

    /// Error::corrupt outside the device: the number came from a disk.
    Result<void> read(BlockNumber first, std::span<std::byte> into) {
        if (!inside(first, into.size())) return error(Error::corrupt);
        return read_(self_, std::uint64_t{first} * ratio_, into);
    }

    Result<void> write(BlockNumber first, std::span<const std::byte> from) {
        if (!inside(first, from.size())) return error(Error::corrupt);
        return write_(self_, std::uint64_t{first} * ratio_, from);
    }

    Result<void> flush() { return flush_(self_); }

private:
    [[nodiscard]] bool inside(BlockNumber first, std::size_t bytes) const {
        return first < blocks_ && bytes / block_bytes <= blocks_ - first;
    }

    void* self_;
    Result<void> (*read_)(void*, std::uint64_t, std::span<std::byte>);
    Result<void> (*write_)(void*, std::uint64_t, std::span<const std::byte>);
    Result<void> (*flush_)(void*);
    std::uint32_t ratio_ = 0;
    std::uint32_t blocks_ = 0;
};

}  // namespace libos::fs

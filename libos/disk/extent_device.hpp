// ExtentDevice: an extent of a disk as the block device that file systems stand on.
//
// Why copies: a file system reads and writes memory of its own, at any address; the disk reads and
// writes whole frames. `buffer_pages` frames stand between, and each of a call's batches is under
// way at once. A libOS that wants no copies uses Ring itself.
//
// Invariant: no request is unanswered between two calls.
#pragma once

#include "libos/disk/ring.hpp"
#include "libos/fs/block_device.hpp"

namespace libos::disk {

class ExtentDevice {
public:
    static constexpr std::uint32_t buffer_pages = 64;

    struct Counts {
        std::uint64_t reads, writes, flushes;  // requests
        std::uint64_t blocks_read, blocks_written;
    };

    explicit ExtentDevice(rt::Environment& environment)
        : environment_{environment}, ring_{environment} {}

    // Makes ring and buffers. The environment has no other ring on that disk. Errors: as
    // Ring::begin and allocate.
    rt::Result<void> begin(Slot extent);

    // ---- libos::fs::BlockDevice. Error::io where the disk's answer is no, whatever it was.
    std::uint32_t block_size() const { return kernel::abi::page_size; }
    std::uint64_t blocks() const { return blocks_; }
    fs::Result<void> read(std::uint64_t first, std::span<std::byte> into);
    fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from);
    fs::Result<void> flush();

    const Counts& counts() const { return counts_; }

private:
    bool inside(std::uint64_t first, std::size_t bytes) const;
    std::byte* buffer(std::uint32_t page) const { return buffers_ + page * kernel::abi::page_size; }
    void ask(DiskOp op, std::uint64_t first, std::uint32_t count);
    fs::Result<void> answers();

    rt::Environment& environment_;
    Ring ring_;
    Slot extent_{};
    std::uint32_t blocks_ = 0;
    std::byte* buffers_ = nullptr;
    Slot slots_[buffer_pages] = {};
    Counts counts_{};
};

static_assert(fs::BlockDevice<ExtentDevice>);

}  // namespace libos::disk

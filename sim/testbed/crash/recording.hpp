#pragma once

/// A disk with a volatile write cache, that writes down every write and flush.
///
/// What reads see is the newest; what a crash leaves is for CrashStates to say.

#include <cstdint>
#include <vector>

#include "libos/fs/block_device.hpp"

namespace sim::testbed::crash {

inline constexpr std::uint64_t sector_bytes = 512;

/// One write, as a range of sectors.
struct Write {
    std::uint64_t sector = 0;
    std::vector<std::byte> bytes;
};

/// Writes that no flush separates: any part of them may reach the disk, in any order.
struct Epoch {
    std::vector<Write> writes;
    std::uint64_t mark = 0;  ///< the highest mark() before the flush that ended it
};

/// From what the disk held at first.
struct Recording {
    std::vector<std::byte> image;
    std::vector<Epoch> epochs;  ///< the last one was not flushed
};

class RecordingDevice {
public:
    /// `image` is durable. With `lies` a flush returns and does nothing: what a file system on
    /// such a device loses shows that a check bites.
    RecordingDevice(std::vector<std::byte> image, std::uint32_t block_size, bool lies = false);

    [[nodiscard]] std::uint32_t block_size() const { return block_size_; }
    [[nodiscard]] std::uint64_t blocks() const { return now_.size() / block_size_; }
    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into);
    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from);
    libos::fs::Result<void> flush();

    /// The caller's own count of what it has done, noted with the running epoch.
    void mark(std::uint64_t value) { recording_.epochs.back().mark = value; }
    [[nodiscard]] const Recording& recording() const { return recording_; }
    [[nodiscard]] std::uint64_t flushes() const { return flushes_; }

private:
    [[nodiscard]] bool inside(std::uint64_t first, std::size_t bytes) const;

    std::uint32_t block_size_;
    bool lies_;
    std::uint64_t flushes_ = 0;
    std::vector<std::byte> now_;
    Recording recording_;
};

}  // namespace sim::testbed::crash

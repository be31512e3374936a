#pragma once

/// PartDevice: the blocks of a crashed disk that one file system lies on, some of them unreadable.

#include <cstdint>
#include <set>
#include <span>

#include "sim/testbed/crash/crash_states.hpp"

namespace sim::testbed::power {

inline constexpr std::uint32_t block_bytes = 4096;

class PartDevice {
public:
    /// `disk`, of blocks of block_bytes, outlives it; [first, first + blocks) lies in it.
    PartDevice(crash::CrashDevice& disk, std::uint64_t first, std::uint64_t blocks)
        : disk_{&disk}, first_{first}, blocks_{blocks} {}

    /// A latent error: the block, as the disk counts, cannot be read until it is written.
    void lose(std::uint64_t block) { unreadable_.insert(block); }

    [[nodiscard]] std::uint32_t block_size() const { return block_bytes; }
    [[nodiscard]] std::uint64_t blocks() const { return blocks_; }

    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        if (!inside(first, into.size())) return libos::fs::error(libos::fs::Error::invalid);
        const auto bad = unreadable_.lower_bound(first_ + first);
        if (bad != unreadable_.end() && *bad < first_ + first + into.size() / block_bytes) {
            return libos::fs::error(libos::fs::Error::io);
        }
        return disk_->read(first_ + first, into);
    }
    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        if (!inside(first, from.size())) return libos::fs::error(libos::fs::Error::invalid);
        for (std::uint64_t i = 0; i < from.size() / block_bytes; ++i) {
            unreadable_.erase(first_ + first + i);
        }
        return disk_->write(first_ + first, from);
    }
    libos::fs::Result<void> flush() { return {}; }

private:
    [[nodiscard]] bool inside(std::uint64_t first, std::size_t bytes) const {
        return bytes % block_bytes == 0 && first <= blocks_ &&
               bytes / block_bytes <= blocks_ - first;
    }

    crash::CrashDevice* disk_;
    std::uint64_t first_;
    std::uint64_t blocks_;
    std::set<std::uint64_t> unreadable_;
};

static_assert(libos::fs::BlockDevice<PartDevice>);

}  // namespace sim::testbed::power

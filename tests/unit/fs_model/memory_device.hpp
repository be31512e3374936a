#pragma once

/// A disk in memory, for tests, that fails when it is told to.

#include <cstring>
#include <limits>
#include <vector>

#include "libos/fs/block_device.hpp"

namespace tests::fs_model {

class MemoryDevice {
public:
    MemoryDevice(std::uint32_t block_size, std::uint64_t blocks)
        : block_size_{block_size}, bytes_(block_size * blocks) {}

    [[nodiscard]] std::uint32_t block_size() const { return block_size_; }
    [[nodiscard]] std::uint64_t blocks() const { return bytes_.size() / block_size_; }

    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        ++reads_;
        if (const auto good = check(first, into.size()); !good) return good;
        std::memcpy(into.data(), bytes_.data() + first * block_size_, into.size());
        return {};
    }
    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        if (const auto good = check(first, from.size()); !good) return good;
        std::memcpy(bytes_.data() + first * block_size_, from.data(), from.size());
        return {};
    }
    libos::fs::Result<void> flush() { return check(0, 0); }

    /// Calls fail from the `after`th on, `count` of them.
    void fail(std::uint64_t after, std::uint64_t count) {
        fail_first_ = calls_ + after;
        fail_count_ = count;
    }
    void heal() { fail_count_ = 0; }
    /// Calls that failed as told.
    [[nodiscard]] std::uint64_t failures() const { return failures_; }
    /// Calls of read(), however long.
    [[nodiscard]] std::uint64_t reads() const { return reads_; }
    [[nodiscard]] std::vector<std::byte>& bytes() { return bytes_; }

private:
    libos::fs::Result<void> check(std::uint64_t first, std::size_t size) {
        using libos::fs::Error;
        const std::uint64_t call = calls_++;
        if (size % block_size_ != 0 || first > blocks() ||
            size / block_size_ > blocks() - first) {
            return libos::fs::error(Error::invalid);
        }
        if (call >= fail_first_ && call - fail_first_ < fail_count_) {
            ++failures_;
            return libos::fs::error(Error::io);
        }
        return {};
    }

    std::uint32_t block_size_;
    std::vector<std::byte> bytes_;
    std::uint64_t calls_ = 0;
    std::uint64_t fail_first_ = 0;
    std::uint64_t fail_count_ = 0;
    std::uint64_t failures_ = 0;
    std::uint64_t reads_ = 0;
};

}  // namespace tests::fs_model

#pragma once

/// A block device in memory, which fails when it is told to: for tests, and for trying things out.

#include <cstring>
#include <vector>

#include "libos/fs/block_device.hpp"

namespace sim::testbed::fs {

class MemoryDevice {
public:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    MemoryDevice(std::uint64_t blocks, std::uint32_t block_size)
        : bytes_(blocks * block_size), block_size_{block_size} {}
    /// `image` is a whole number of blocks.
    MemoryDevice(std::vector<std::byte> image, std::uint32_t block_size)
        : bytes_{std::move(image)}, block_size_{block_size} {}

    [[nodiscard]] std::uint32_t block_size() const { return block_size_; }
    [[nodiscard]] std::uint64_t blocks() const { return bytes_.size() / block_size_; }

    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        if (!within(first, into.size())) return error(libos::fs::Error::invalid);
        ++reads_;
        if (fails(reads_left_)) return error(libos::fs::Error::io);
        std::memcpy(into.data(), bytes_.data() + first * block_size_, into.size());
        return {};
    }
    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        if (!within(first, from.size())) return error(libos::fs::Error::invalid);
        ++writes_;
        if (fails(writes_left_)) return error(libos::fs::Error::io);
        std::memcpy(bytes_.data() + first * block_size_, from.data(), from.size());
        return {};
    }
    libos::fs::Result<void> flush() {
        ++flushes_;
        return {};
    }

    /// The call after `count` more good ones fails, once; `never`: none does.
    void fail_read_after(std::uint64_t count) { reads_left_ = count; }
    void fail_write_after(std::uint64_t count) { writes_left_ = count; }
    /// Whether an armed failure has happened, or none is armed.
    [[nodiscard]] bool calm() const { return reads_left_ == never && writes_left_ == never; }

    [[nodiscard]] std::vector<std::byte>& bytes() { return bytes_; }
    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t reads() const { return reads_; }
    [[nodiscard]] std::uint64_t writes() const { return writes_; }
    [[nodiscard]] std::uint64_t flushes() const { return flushes_; }

private:
    static bool fails(std::uint64_t& left) {
        if (left == never) return false;
        return left-- == 0;
    }
    [[nodiscard]] bool within(std::uint64_t first, std::size_t length) const {
        return length % block_size_ == 0 && first <= blocks() &&
               length / block_size_ <= blocks() - first;
    }

    std::vector<std::byte> bytes_;
    std::uint32_t block_size_;
    std::uint64_t reads_left_ = never;
    std::uint64_t writes_left_ = never;
    std::uint64_t reads_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t flushes_ = 0;
};

static_assert(libos::fs::BlockDevice<MemoryDevice>);

}  // namespace sim::testbed::fs

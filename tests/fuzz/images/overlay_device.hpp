// OverlayDevice: a disk in memory that goes back to what it was at the cost of what was written.
#pragma once

#include <cstring>
#include <vector>

#include "libos/fs/block_device.hpp"

namespace tests::fuzz {

class OverlayDevice {
public:
    OverlayDevice(std::vector<std::byte> image, std::uint32_t block_size)
        : block_size_{block_size}, image_{std::move(image)}, bytes_{image_},
          touched_(image_.size() / block_size) {}

    [[nodiscard]] std::uint32_t block_size() const { return block_size_; }
    [[nodiscard]] std::uint64_t blocks() const { return touched_.size(); }

    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        if (!inside(first, into.size())) return libos::fs::error(libos::fs::Error::invalid);
        std::memcpy(into.data(), bytes_.data() + first * block_size_, into.size());
        return {};
    }
    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        if (!inside(first, from.size())) return libos::fs::error(libos::fs::Error::invalid);
        std::memcpy(change(first, from.size()).data(), from.data(), from.size());
        return {};
    }
    libos::fs::Result<void> flush() { return {}; }

    // Bytes of whole blocks, about to be changed. Precondition: they are there.
    std::span<std::byte> change(std::uint64_t first, std::uint64_t bytes) {
        for (std::uint64_t b = first; b < first + bytes / block_size_; ++b) {
            if (touched_[b]) continue;
            touched_[b] = true;
            changed_.push_back(b);
        }
        return std::span{bytes_}.subspan(first * block_size_, bytes);
    }
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

    void go_back() {
        for (const std::uint64_t b : changed_) {
            std::memcpy(bytes_.data() + b * block_size_, image_.data() + b * block_size_,
                        block_size_);
            touched_[b] = false;
        }
        changed_.clear();
    }

private:
    [[nodiscard]] bool inside(std::uint64_t first, std::size_t size) const {
        return size % block_size_ == 0 && first <= blocks() &&
               size / block_size_ <= blocks() - first;
    }

    std::uint32_t block_size_;
    std::vector<std::byte> image_;
    std::vector<std::byte> bytes_;
    std::vector<bool> touched_;
    std::vector<std::uint64_t> changed_;
};

}  // namespace tests::fuzz

#pragma once

/// WriteCache: what a disk was told to write and has not put on its medium yet.
///
/// Why: after a power failure a disk may have any of it or none; software that is right loses
/// nothing that it flushed. Invariant: what is in here, or on the medium, is what reads see.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "sim/machine/disk/disk_image.hpp"
#include "sim/machine/disk/write_log.hpp"

namespace sim::machine::disk {

inline constexpr std::uint64_t sector_bytes = 512;
inline constexpr std::uint64_t sectors_each = block_bytes / sector_bytes;

class WriteCache {
public:
    /// `log`, which outlives it, is told of writes and flushes; null: nobody is.
    explicit WriteCache(std::shared_ptr<DiskImage> image, WriteLog* log = nullptr)
        : image_{std::move(image)}, log_{log} {}

    [[nodiscard]] std::uint64_t blocks() const { return image_->blocks(); }
    /// As DiskImage's.
    [[nodiscard]] bool read(std::uint64_t block, BlockView into) const;
    [[nodiscard]] bool write(std::uint64_t block, ConstBlockView from);
    [[nodiscard]] bool flush();
    /// One bit of a block is another one from now on, wherever the block is.
    [[nodiscard]] bool flip(std::uint64_t block, std::uint64_t bit);
    /// The power fails: of each block that was not flushed the first `written()` sectors are on the
    /// medium, at most sectors_each.
    [[nodiscard]] bool lose(const std::function<std::uint64_t()>& written);

private:
    std::shared_ptr<DiskImage> image_;
    WriteLog* log_;
    std::map<std::uint64_t, std::vector<std::byte>> unwritten_;
};

}  // namespace sim::machine::disk

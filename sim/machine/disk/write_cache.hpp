#pragma once

/// WriteCache: what a disk was told to write and has not put on its medium yet.
///
/// Why: after a power failure a disk may have any of it or none; software that is right loses
/// nothing that it flushed. Invariant: what is in here, or on the medium, is what reads see.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/machine/disk/disk_image.hpp"

namespace sim::machine::disk {

class WriteCache {
public:
    explicit WriteCache(std::shared_ptr<DiskImage> image) : image_{std::move(image)} {}

    [[nodiscard]] std::uint64_t blocks() const { return image_->blocks(); }
    /// As DiskImage's.
    [[nodiscard]] bool read(std::uint64_t block, BlockView into) const;
    [[nodiscard]] bool write(std::uint64_t block, ConstBlockView from);
    [[nodiscard]] bool flush();
    /// The power fails: what was not flushed is gone.
    void drop() { unwritten_.clear(); }
    [[nodiscard]] std::uint64_t unwritten() const { return unwritten_.size(); }

private:
    std::shared_ptr<DiskImage> image_;
    std::map<std::uint64_t, std::vector<std::byte>> unwritten_;
};

}  // namespace sim::machine::disk

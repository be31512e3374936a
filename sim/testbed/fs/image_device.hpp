#pragma once

/// A block device over an image file.
///
/// A file that is no whole number of blocks loses its tail: those bytes are never touched.

#include "libos/fs/block_device.hpp"
#include "sim/host/file/image_file.hpp"

namespace sim::testbed::fs {

class ImageDevice {
public:
    static constexpr std::uint32_t block_bytes = 512;

    explicit ImageDevice(host::file::ImageFile file) : file_{std::move(file)} {}

    [[nodiscard]] std::uint32_t block_size() const { return block_bytes; }
    [[nodiscard]] std::uint64_t blocks() const { return file_.bytes() / block_bytes; }
    [[nodiscard]] bool read_only() const {
        return file_.use() == host::file::ImageFile::Use::read_only;
    }

    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        if (!within(first, into.size())) return error(libos::fs::Error::invalid);
        if (!file_.read(first * block_bytes, into)) return error(libos::fs::Error::io);
        return {};
    }
    /// Error::read_only where the file was opened so.
    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        if (!within(first, from.size())) return error(libos::fs::Error::invalid);
        if (read_only()) return error(libos::fs::Error::read_only);
        if (!file_.write(first * block_bytes, from)) return error(libos::fs::Error::io);
        return {};
    }
    libos::fs::Result<void> flush() {
        if (read_only() || file_.flush()) return {};
        return error(libos::fs::Error::io);
    }

private:
    [[nodiscard]] bool within(std::uint64_t first, std::size_t length) const {
        return length % block_bytes == 0 && first <= blocks() &&
               length / block_bytes <= blocks() - first;
    }

    host::file::ImageFile file_;
};

static_assert(libos::fs::BlockDevice<ImageDevice>);

}  // namespace sim::testbed::fs

#pragma once

/// An image file: bytes at offsets of one file of the host, which other processes keep away from.
///
/// Why locked: two writers of one file system destroy it. The lock is advisory (flock), exclusive
/// for writers, shared for readers, and goes when the file is closed.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace sim::host::file {

class ImageFile {
public:
    enum class Use { read_only, read_write };

    /// An existing regular file or block device. Error: one sentence that names `path`.
    static std::expected<ImageFile, std::string> open(const std::string& path, Use use);
    /// A regular file of `bytes`, made or cut to it, with nothing but zeroes. Errors as open().
    static std::expected<ImageFile, std::string> create(const std::string& path,
                                                        std::uint64_t bytes);

    ImageFile(ImageFile&& other) noexcept;
    ImageFile& operator=(ImageFile&&) = delete;
    ~ImageFile();

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] Use use() const { return use_; }

    /// False: the host refused, or the file is shorter than it was.
    [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> into) const;
    [[nodiscard]] bool write(std::uint64_t offset, std::span<const std::byte> from) const;
    /// What was written is on the host's disk (fsync).
    [[nodiscard]] bool flush() const;

private:
    ImageFile(int descriptor, std::uint64_t bytes, Use use)
        : descriptor_{descriptor}, bytes_{bytes}, use_{use} {}
    static std::expected<ImageFile, std::string> locked(int descriptor, const std::string& path,
                                                        Use use);

    int descriptor_;
    std::uint64_t bytes_;
    Use use_;
};

}  // namespace sim::host::file

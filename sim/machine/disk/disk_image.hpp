#pragma once

/// DiskImage: the durable contents of a disk: what is there when the power comes back.
///
/// Blocks of 4096 bytes. An image may outlive its machine: the next one finds what was written.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/host/file/image_file.hpp"

namespace sim::machine::disk {

inline constexpr std::uint64_t block_bytes = 4096;
using BlockView = std::span<std::byte, block_bytes>;
using ConstBlockView = std::span<const std::byte, block_bytes>;

class DiskImage {
public:
    virtual ~DiskImage() = default;

    [[nodiscard]] virtual std::uint64_t blocks() const = 0;
    /// Of a block below blocks(). False: the host refused.
    [[nodiscard]] virtual bool read(std::uint64_t block, BlockView into) = 0;
    [[nodiscard]] virtual bool write(std::uint64_t block, ConstBlockView from) = 0;
    /// What was written is where it stays.
    [[nodiscard]] virtual bool flush() = 0;
};

/// Writes stay in memory: over nothing but zeroes, or over a file that is never changed.
class OverlayImage final : public DiskImage {
public:
    explicit OverlayImage(std::uint64_t blocks) : blocks_{blocks} {}
    /// Error: one sentence that names `path`: no such file, locked, not in whole blocks, empty.
    static std::expected<std::unique_ptr<OverlayImage>, std::string> over(const std::string& path);

    [[nodiscard]] std::uint64_t blocks() const override { return blocks_; }
    [[nodiscard]] bool read(std::uint64_t block, BlockView into) override;
    [[nodiscard]] bool write(std::uint64_t block, ConstBlockView from) override;
    [[nodiscard]] bool flush() override { return true; }

private:
    std::uint64_t blocks_;
    std::vector<host::file::ImageFile> base_;  // one or none
    std::unordered_map<std::uint64_t, std::vector<std::byte>> written_;
};

/// Writes go into the file.
class FileImage final : public DiskImage {
public:
    /// Errors as OverlayImage::over().
    static std::expected<std::unique_ptr<FileImage>, std::string> open(const std::string& path);

    [[nodiscard]] std::uint64_t blocks() const override { return file_.bytes() / block_bytes; }
    [[nodiscard]] bool read(std::uint64_t block, BlockView into) override;
    [[nodiscard]] bool write(std::uint64_t block, ConstBlockView from) override;
    [[nodiscard]] bool flush() override { return file_.flush(); }

private:
    explicit FileImage(host::file::ImageFile file) : file_{std::move(file)} {}

    host::file::ImageFile file_;
};

}  // namespace sim::machine::disk

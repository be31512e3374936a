#include "sim/machine/disk/disk_image.hpp"

#include <algorithm>

namespace sim::machine::disk {

namespace {

using host::file::ImageFile;

std::expected<ImageFile, std::string> open_blocks(const std::string& path, ImageFile::Use use) {
    auto file = ImageFile::open(path, use);
    if (!file) return file;
    if (file->bytes() == 0 || file->bytes() % block_bytes != 0) {
        return std::unexpected(path + " has " + std::to_string(file->bytes()) +
                               " bytes: expected a multiple of " + std::to_string(block_bytes));
    }
    return file;
}

}  // namespace

std::expected<std::unique_ptr<OverlayImage>, std::string> OverlayImage::over(
    const std::string& path) {
    auto file = open_blocks(path, ImageFile::Use::read_only);
    if (!file) return std::unexpected(file.error());
    auto image = std::make_unique<OverlayImage>(file->bytes() / block_bytes);
    image->base_.push_back(std::move(*file));
    return image;
}

bool OverlayImage::read(std::uint64_t block, BlockView into) {
    if (const auto found = written_.find(block); found != written_.end()) {
        std::ranges::copy(found->second, into.begin());
        return true;
    }
    if (!base_.empty()) return base_.front().read(block * block_bytes, into);
    std::ranges::fill(into, std::byte{0});
    return true;
}

bool OverlayImage::write(std::uint64_t block, ConstBlockView from) {
    written_[block].assign(from.begin(), from.end());
    return true;
}

std::expected<std::unique_ptr<FileImage>, std::string> FileImage::open(const std::string& path) {
    auto file = open_blocks(path, ImageFile::Use::read_write);
    if (!file) return std::unexpected(file.error());
    return std::unique_ptr<FileImage>{new FileImage{std::move(*file)}};
}

bool FileImage::read(std::uint64_t block, BlockView into) {
    return file_.read(block * block_bytes, into);
}

bool FileImage::write(std::uint64_t block, ConstBlockView from) {
    return file_.write(block * block_bytes, from);
}

}  // namespace sim::machine::disk

#include "sim/testbed/fs/volume.hpp"

#include <chrono>

#include "sim/testbed/fs/error_text.hpp"

namespace sim::testbed::fs {

namespace {

std::string unknown(const std::string& path) {
    return path + ": no file system that is known; expected one of: " + format_names();
}

}  // namespace

std::expected<Image, std::string> open_image(const std::string& path,
                                             host::file::ImageFile::Use use) {
    auto file = host::file::ImageFile::open(path, use);
    if (!file) return std::unexpected(file.error());
    ImageDevice device{std::move(*file)};
    const Format* const format = format_of(device);
    if (format == nullptr) return std::unexpected(unknown(path));
    return Image{std::move(device), format};
}

std::expected<std::unique_ptr<Volume>, std::string> Volume::open(
    const std::string& path, host::file::ImageFile::Use use, const OpenOptions& options) {
    auto file = host::file::ImageFile::open(path, use);
    if (!file) return std::unexpected(file.error());
    std::unique_ptr<Volume> volume{new Volume{path, std::move(*file)}};
    volume->format_ = format_of(volume->device_);
    if (volume->format_ == nullptr) return std::unexpected(unknown(path));
    auto fs = volume->format_->open(volume->device_, options);
    if (!fs) return std::unexpected(path + ": " + fs.error());
    volume->fs_ = std::move(*fs);
    if (const auto mounted = volume->fs_->mount(); !mounted) {
        return std::unexpected(path + ": cannot mount: " + text(mounted.error()));
    }
    volume->mounted_ = true;
    volume->take_time();
    return volume;
}

Volume::~Volume() {
    if (mounted_) (void)fs_->unmount();
}

void Volume::take_time() {
    using namespace std::chrono;
    const auto now = system_clock::now().time_since_epoch();
    const auto whole = duration_cast<seconds>(now);
    fs_->set_time({.seconds = whole.count(),
                   .nanoseconds = static_cast<std::uint32_t>(
                       duration_cast<nanoseconds>(now - whole).count())});
}

std::expected<void, std::string> Volume::close() {
    mounted_ = false;
    const auto done = fs_->unmount();
    if (!done) return std::unexpected(path_ + ": cannot unmount: " + text(done.error()));
    return {};
}

}  // namespace sim::testbed::fs

#pragma once

/// A volume: an image file whose format was recognised, mounted.
///
/// Invariant: it is unmounted by close(), or by the destructor where nobody asked how that went.

#include <memory>

#include "sim/testbed/fs/format.hpp"

namespace sim::testbed::fs {

class Volume {
public:
    /// Errors: one sentence that begins with `path`.
    static std::expected<std::unique_ptr<Volume>, std::string> open(
        const std::string& path, host::file::ImageFile::Use use, const OpenOptions& options = {});
    ~Volume();
    Volume(const Volume&) = delete;
    Volume& operator=(const Volume&) = delete;

    [[nodiscard]] AnyFileSystem& fs() { return *fs_; }
    [[nodiscard]] const Format& format() const { return *format_; }
    [[nodiscard]] bool read_only() const { return device_.read_only(); }
    /// The host's time for what is changed from now on.
    void take_time();
    /// Everything is on the host's disk. Errors as open().
    std::expected<void, std::string> close();

private:
    Volume(std::string path, host::file::ImageFile file)
        : path_{std::move(path)}, device_{std::move(file)} {}

    std::string path_;
    ImageDevice device_;
    const Format* format_ = nullptr;
    std::unique_ptr<AnyFileSystem> fs_;
    bool mounted_ = false;
};

/// An image's device and format, for what needs no mount. Errors as Volume::open().
struct Image {
    ImageDevice device;
    const Format* format;
};
std::expected<Image, std::string> open_image(const std::string& path,
                                             host::file::ImageFile::Use use);

}  // namespace sim::testbed::fs

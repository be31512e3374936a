#pragma once

/// Image paths: `disk.img:/dir/file`, a file in the file system of an image.
///
/// The part before the first ":/" is the image's own path. A path without ":/" is the host's.

#include <optional>
#include <string>

namespace sim::cli {

struct ImagePath {
    std::string image;
    std::string path;  ///< begins with '/'
};

/// Nothing where `text` has no ":/", or is a file of the host as it stands.
[[nodiscard]] std::optional<ImagePath> parse_image_path(const std::string& text);

/// `64M`, `64MiB`, `4096`: bytes. Nothing where it is neither, or overflows.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string text);

}  // namespace sim::cli

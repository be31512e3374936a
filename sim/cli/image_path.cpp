#include "sim/cli/image_path.hpp"

#include <filesystem>

#include "sim/testbed/units.hpp"

namespace sim::cli {

std::optional<ImagePath> parse_image_path(const std::string& text) {
    const std::size_t colon = text.find(":/");
    std::error_code ignored;
    if (colon == std::string::npos || colon == 0 || std::filesystem::exists(text, ignored)) {
        return std::nullopt;
    }
    return ImagePath{text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::uint64_t> parse_size(std::string text) {
    const bool letter = !text.empty() && std::string_view{"KMG"}.contains(text.back());
    return testbed::parse_bytes(letter ? text + "iB" : text);
}

}  // namespace sim::cli

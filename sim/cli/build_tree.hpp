#pragma once

/// The build tree: where the sources, the other builds and the image of this `chitin` lie.
///
///     ROOT/chitin                         the bootstrap
///     ROOT/build/<preset>/sim/cli/chitin  this executable, in each build
///     ROOT/build/image/                   the bare machine's image and programs

#include <filesystem>
#include <string>
#include <string_view>

namespace sim::cli {

struct BuildTree {
    std::filesystem::path root;
    std::string preset;  ///< of this executable, or empty where it lies somewhere else

    [[nodiscard]] std::filesystem::path bootstrap() const { return root / "chitin"; }
    [[nodiscard]] std::filesystem::path tool(std::string_view other) const {
        return root / "build" / other / "sim" / "cli" / "chitin";
    }
    [[nodiscard]] std::filesystem::path image() const { return root / "build" / "image"; }
};

/// From this executable's own place; $CHITIN_ROOT names another root.
[[nodiscard]] BuildTree find_build_tree();

/// Asks the bootstrap to bring a preset's build up to date. False: it said why on standard error.
[[nodiscard]] bool build_preset(const BuildTree& tree, std::string_view preset);

}  // namespace sim::cli

#include "sim/cli/build_tree.hpp"

#include <cstdlib>

#include "sim/host/process/command.hpp"

namespace sim::cli {

namespace fs = std::filesystem;

BuildTree find_build_tree() {
    BuildTree tree;
    fs::path folder = fs::path{host::process::own_path()}.parent_path();
    // ROOT/build/<preset>/sim/cli
    if (folder.filename() == "cli" && folder.parent_path().filename() == "sim") {
        const fs::path build = folder.parent_path().parent_path();
        tree.preset = build.filename().string();
        tree.root = build.parent_path().parent_path();
    }
    if (const char* const root = std::getenv("CHITIN_ROOT")) tree.root = root;
    return tree;
}

bool build_preset(const BuildTree& tree, std::string_view preset) {
    const auto ended = host::process::run_with_pipe(
        {tree.bootstrap().string(), "build", std::string{preset}},
        [](std::span<const char>) { return true; });
    return ended && ended->status == 0;
}

}  // namespace sim::cli

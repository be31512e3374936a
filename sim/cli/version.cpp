// chitin version: what this executable is.
#include <fmt/format.h>

#include "sim/cli/build_tree.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/version.hpp"

namespace sim::cli {

void add_version(Command& app, int& exit_code) {
    Command* const command = app.add_subcommand("version", "Print the version and the build");
    command->footer("Example:\n  chitin version");
    command->callback([&exit_code] {
        const BuildTree tree = find_build_tree();
        fmt::print("chitin {} ({} build)\n", version, tree.preset.empty() ? "other" : tree.preset);
        exit_code = exit_ok;
    });
}

}  // namespace sim::cli

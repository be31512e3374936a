// chitin test: everything that CI runs. The bootstrap knows how to build and run it.
#include <fmt/format.h>

#include "sim/cli/build_tree.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/host/process/command.hpp"

namespace sim::cli {

void add_test(Command& app, int& exit_code) {
    Command* const command =
        app.add_subcommand("test", "Build and run the tests, as CI does; --all: every one");
    command->footer("Examples:\n  ./chitin test\n  ./chitin test --all");
    command->callback([&exit_code] {
        const std::string bootstrap = find_build_tree().bootstrap().string();
        const std::string failure = host::process::replace_process({bootstrap, "test"});
        fmt::print(stderr, "chitin test: {}\n", failure);
        exit_code = exit_failed;
    });
}

}  // namespace sim::cli

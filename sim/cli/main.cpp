// The `chitin` command.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/misses.hpp"

int main(int argc, char** argv) {
    using namespace sim::cli;
    spdlog::set_default_logger(spdlog::stderr_color_mt("chitin"));
    spdlog::set_pattern("chitin: %v");

    int exit_code = exit_ok;
    Command app{"chitin", "Chitin: an exokernel to study. One set of kernel and libOS sources, "
                          "two machines."};
    app.require_subcommand();
    app.footer("Examples:\n"
               "  ./chitin run scenarios/paging.toml      which policy survives the MMU?\n"
               "  ./chitin boot scenarios/paging.toml --check   the same on bare x86-64, in QEMU\n"
               "  ./chitin list                           scenarios, programs, policies\n"
               "  ./chitin --preset asan run ...          by the build with AddressSanitizer\n"
               "\nExit codes: 0 done, 1 failed, 2 wrong usage or bad input, 130 interrupted.");
    add_run(app, exit_code);
    add_boot(app, exit_code);
    add_verify(app, exit_code);
    add_trace(app, exit_code);
    add_explore(app, exit_code);
    add_replay(app, exit_code);
    add_debug(app, exit_code);
    add_record(app, exit_code);
    add_misses(app, exit_code);
    add_ace(app, exit_code);
    add_crash(app, exit_code);
    add_mkfs(app, exit_code);
    add_fsck(app, exit_code);
    add_ls(app, exit_code);
    add_cp(app, exit_code);
    add_bpf(app, exit_code);
    add_mount(app, exit_code);
    add_list(app, exit_code);
    add_test(app, exit_code);
    add_version(app, exit_code);
    add_histories(app, exit_code);
    add_debug_cell(app, exit_code);
    if (!app.parse(argc, argv)) return exit_usage;
    return exit_code;
}

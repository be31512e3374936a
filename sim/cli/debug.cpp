// chitin debug: gdb on one cell, on either machine, with the commands of sim/gdb.
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "sim/cli/bare_cells.hpp"
#include "sim/cli/build_tree.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/debug_cell.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/gdb.hpp"
#include "sim/host/child/child.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/command.hpp"
#include "sim/host/process/foreground.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace sim::cli {

namespace {

using Arguments = std::vector<std::string>;

struct Request {
    DebugOptions cell;
    Arguments gdb;  // passed on as they are
    bool image = false;
};

int failed(const std::string& what, int code = exit_failed) {
    fmt::print(stderr, "chitin debug: {}\n", what);
    return code;
}

// A string of Python.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char character : text) {
        if (character == '\'' || character == '\\') out += '\\';
        out += character;
    }
    return out + "'";
}

void append(Arguments& all, const Arguments& more) {
    all.insert(all.end(), more.begin(), more.end());
}

int debug_hosted(const Request& request) {
    Arguments all = gdb_with_script(find_build_tree());
    if (request.cell.stop_at) append(all, {"-ex", fmt::format("break {}", debug_stop_name)});
    append(all, request.gdb);
    append(all, {"--args", host::process::own_path()});
    append(all, as_arguments(request.cell));
    return failed(host::process::replace_process(all));
}

// Beside gdb, this process reads what the machine reports; the machine ends with gdb.
int debug_image(const Request& request, const testbed::Scenario& scenario) {
    const std::uint32_t chosen[] = {request.cell.cell};
    const auto bundle = make_bare_bundle(scenario, chosen, true);
    if (!bundle) return failed(bundle.error());
    const host::file::TemporaryFolder folder;
    if (!folder.valid()) return failed("cannot make a temporary folder");

    const BuildTree tree = find_build_tree();
    const auto image = tree.image() / "image";
    Arguments all = gdb_with_script(tree);
    append(all, {(image / "chitin.elf").string(), "-ex",
                 fmt::format("python from chitin_gdb import remote; remote.connect({}, {})",
                             quoted(folder.file("")), quoted((image / "symbols").string()))});
    append(all, request.gdb);

    const host::process::Interrupt noted;  // Ctrl-C is gdb's: it stops the machine, not us
    auto gdb = host::process::Foreground::start(all);
    if (!gdb) return failed(gdb.error());
    testbed::boot::BareOptions bare;
    bare.image = (image / "chitin.elf").string();
    bare.disks = testbed::disks::bare_disks(scenario.cells[request.cell.cell].machine,
                                            testbed::disks::Keeping::never);
    bare.gdb_folder = folder.file("");
    bare.command_line = "watchdog=86400";
    bare.cell_seconds_max = 1e9;  // a person looks at it for as long as he likes
    bare.interrupted = [&gdb] { return gdb->ended(); };
    const auto results = testbed::boot::run_bare(*bundle, bare);
    if (!results) return failed(results.error());
    const int status = gdb->wait();
    const bool ended_by_gdb = std::filesystem::exists(folder.file("ended"));
    for (engine::CellResult result : *results) {
        result.cell = request.cell.cell;
        for (const engine::EnvResult& env : result.envs) fmt::print("{}", env.text);
        if (!ended_by_gdb) report_end(scenario, result);
    }
    return status;
}

GdbMissing missing(const Request& request) {
    GdbMissing gdb = gdb_missing(find_build_tree());
    if (!gdb.what.empty()) return gdb;
    if (request.image && host::process::find_program("qemu-system-x86_64").empty()) {
        return {"QEMU is missing; install it with: apt-get install qemu-system-x86", exit_install};
    }
    return {};
}

int debug(const Request& request) {
    if (request.image && request.cell.stop_at) {
        return failed("--stop-at: events are numbered on the hosted machine only, not with "
                      "--image", exit_usage);
    }
    const auto scenario = load_cell(request.cell);
    if (!scenario) return exit_usage;
    if (const GdbMissing what = missing(request); !what.what.empty()) {
        return failed(what.what, what.exit_code);
    }
    return request.image ? debug_image(request, *scenario) : debug_hosted(request);
}

}  // namespace

void add_debug(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("debug", "One cell under gdb, on either machine");
    add_debug_options(*command, request->cell);
    command->add_flag("--image", request->image, "The bare machine, in QEMU");
    command->allow_extras();
    command->footer(
        "What is not listed here goes to gdb as it is, in its order; the scenario comes first.\n"
        "In gdb, `run` starts the cell (`continue` with --image); `help chitin` lists:\n"
        "  chitin cores | envs | caps [ENV] | frames [ENV|STATE] | walk ADDRESS [ENV] | slices\n"
        "  chitin rings | trace [N] | bt CORE | bt env ENV\n"
        "The hosted machine's page faults are SIGSEGV, which gdb is told to pass on: stop at\n"
        "`kernel::env::raise` to see those that an environment handles, and at `give_back` to\n"
        "see a crash of the simulator itself.\n"
        "\nExamples:\n"
        "  chitin debug scenarios/exchange.toml\n"
        "  chitin debug scenarios/cow.toml --stop-at 500 -ex run -ex 'chitin envs'\n"
        "  chitin debug scenarios/cores.toml --batch -ex 'break kernel::syscall::dispatch' "
        "-ex run -ex 'chitin cores'\n"
        "  chitin debug scenarios/cow.toml --image -ex 'break kernel::syscall::dispatch' "
        "-ex continue -ex 'chitin bt 0'\n"
        "  chitin debug scenarios/cow.toml -x my_commands.gdb -- -tui");
    command->callback([command, request, &exit_code] {
        request->gdb = command->remaining();
        std::erase(request->gdb, "--");
        exit_code = debug(*request);
    });
}

}  // namespace sim::cli

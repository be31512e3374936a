// chitin debug-cell (hidden): one cell in this process, without a worker, as gdb wants it.
#include "sim/cli/debug_cell.hpp"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

extern "C" {

// Where sim/gdb begins, by this name: the machine that runs, or null.
const sim::machine::Machine* volatile chitin_debugged_machine = nullptr;

// Called at --stop-at; it must stay a call.
[[gnu::noinline]] void chitin_debug_stop() { asm volatile("" : : : "memory"); }
}

namespace sim::cli {

namespace {

// A person looks at the machine for as long as he likes, and steps through it.
constexpr double watchdog_seconds = 24 * 60 * 60;

engine::CellResult run_here(std::span<const std::byte> bundle, const DebugOptions& options,
                            std::vector<machine::disk::DiskSpec> disks) {
    machine::HostedOptions hosted;
    hosted.disks = std::move(disks);
    hosted.watchdog_seconds = watchdog_seconds;
    hosted.on_machine = &show_debugger;
    hosted.on_text = [](std::uint16_t, std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
    };
    if (options.stop_at) {
        hosted.after_event = [left = *options.stop_at](const kernel::abi::Event&) mutable {
            if (left-- == 0) chitin_debug_stop();
        };
    }
    engine::CellResult result = machine::run_hosted(bundle, 0, hosted);
    chitin_debugged_machine = nullptr;
    result.cell = options.cell;
    return result;
}

int run(const DebugOptions& options) {
    const auto scenario = load_cell(options);
    if (!scenario) return exit_usage;
    const std::uint32_t chosen[] = {options.cell};
    const auto bundle = testbed::make_bundle(*scenario, chosen,
                                             {.trace_full = true, .programs = {}});
    if (!bundle) {
        fmt::print(stderr, "chitin debug: {}\n", bundle.error());
        return exit_failed;
    }
    auto disks = testbed::disks::hosted_disks(scenario->cells[options.cell].machine,
                                              testbed::disks::Keeping::never);
    if (!disks) {
        fmt::print(stderr, "chitin debug: {}\n", disks.error());
        return exit_failed;
    }
    const engine::CellResult result = run_here(*bundle, options, std::move(*disks));
    if (options.stop_at && result.events.size() <= *options.stop_at) {
        fmt::print(stderr,
                   "chitin debug: --stop-at {}: the history has {} events, numbered from 0\n",
                   *options.stop_at, result.events.size());
    }
    return report_end(*scenario, result);
}

}  // namespace

void show_debugger(const machine::Machine& machine) { chitin_debugged_machine = &machine; }

void add_debug_options(Command& command, DebugOptions& options) {
    add_scenario_options(command, options.scenario);
    for (const char* const useless : {"--jobs", "--json"}) {  // one cell, for a person
        command.remove_option(useless);
    }
    command.add_option("--cell", options.cell, "Which of the scenario's cells; default: 0");
    command.add_option("--stop-at", options.stop_at,
                       "Stop behind this event of the history, numbered from 0 as the lines of "
                       "`chitin trace`; not with --image");
}

std::vector<std::string> as_arguments(const DebugOptions& options) {
    std::vector<std::string> arguments{"debug-cell"};
    const auto scenario = as_arguments(options.scenario);
    arguments.insert(arguments.end(), scenario.begin(), scenario.end());
    arguments.insert(arguments.end(), {"--cell", std::to_string(options.cell)});
    if (options.stop_at) {
        arguments.insert(arguments.end(), {"--stop-at", std::to_string(*options.stop_at)});
    }
    return arguments;
}

std::optional<testbed::Scenario> load_cell(const DebugOptions& options) {
    auto scenario = load_scenario(options.scenario, make_catalogue());
    if (scenario && options.cell >= scenario->cells.size()) {
        fmt::print(stderr, "chitin debug: --cell {}: the scenario has {} cells, expected 0..{}\n",
                   options.cell, scenario->cells.size(), scenario->cells.size() - 1);
        return std::nullopt;
    }
    return scenario;
}

int report_end(const testbed::Scenario& scenario, const engine::CellResult& result) {
    const std::string& name = scenario.cells[result.cell].name;
    if (!result.error.empty()) {
        fmt::print(stderr, "chitin debug: cell {} ({}) failed: {}\n", result.cell, name,
                   result.error);
        return exit_failed;
    }
    fmt::print(stderr, "chitin debug: cell {} ({}) ended: exit code {}, {} events, {} ns\n",
               result.cell, name, result.outcome.exit_code, result.events.size(),
               result.outcome.time_ns);
    return result.outcome.exit_code == 0 ? exit_ok : exit_failed;
}

void add_debug_cell(Command& app, int& exit_code) {
    auto options = std::make_shared<DebugOptions>();
    Command* const command = app.add_subcommand("debug-cell", "Run one cell in this process");
    command->hide();
    add_debug_options(*command, *options);
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace sim::cli

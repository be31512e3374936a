// chitin histories (hidden): runs cells and prints one line of hashes for each; with --events
// also a cell's whole history, as raw records, for a comparison event by event.
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/hosted_cells.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/machine/clock/clock.hpp"
#include "sim/testbed/record.hpp"

namespace sim::cli {

namespace {

struct Request {
    ScenarioOptions scenario;
    std::uint64_t window_base = 0;
    std::optional<std::uint32_t> cell;
    std::string events;
};

bool write_events(const std::string& path, const std::vector<kernel::abi::Event>& events) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file.write(reinterpret_cast<const char*>(events.data()),
               static_cast<std::streamsize>(events.size() * sizeof(kernel::abi::Event)));
    file.flush();
    return static_cast<bool>(file);
}

int run(const Request& request) {
    const auto scenario = load_scenario(request.scenario, make_catalogue());
    if (!scenario) return exit_usage;
    std::vector<std::uint32_t> chosen(scenario->cells.size());
    std::iota(chosen.begin(), chosen.end(), 0u);
    if (request.cell) {
        if (*request.cell >= chosen.size()) return exit_usage;
        chosen = {*request.cell};
    }
    bool written = true;
    const auto ended = run_hosted_cells(
        *scenario, chosen,
        {.parallel = request.scenario.parallel(),
         .trace_full = !request.events.empty(),
         .window_base = request.window_base},
        [&](const engine::CellResult& result) {
            testbed::Json line = testbed::make_record(*scenario, result, "hosted");
            if (machine::counts_instructions()) line["clock"] = "instr";
            line.erase("environments");
            fmt::print("{}\n", testbed::to_line(line));
            if (!request.events.empty()) written = write_events(request.events, result.events);
        });
    if (!ended || !written) return exit_failed;
    return *ended == HostedEnd::interrupted ? exit_interrupted : exit_ok;
}

}  // namespace

void add_histories(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command = app.add_subcommand("histories", "Print each cell's trace hash");
    command->hide();
    add_scenario_options(*command, request->scenario);
    command->add_option("--window-base", request->window_base, "Address of the window");
    command->add_option("--cell", request->cell, "Only this cell");
    command->add_option("--events", request->events, "Write the history to this file")
        ->needs("--cell");
    command->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli

// chitin trace: one cell's history as a file to look at: a timeline, or lines to search.
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/cli/bare_cells.hpp"
#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/hosted_cells.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/testbed/timeline/drawing.hpp"
#include "sim/testbed/timeline/event_lines.hpp"
#include "sim/testbed/timeline/perfetto.hpp"
#include "sim/testbed/units.hpp"

namespace sim::cli {

namespace {

struct Request {
    ScenarioOptions scenario;
    std::string output;
    std::string from;
    std::string to;
    std::uint32_t cell = 0;
    bool image = false;
};

int usage(const std::string& what) {
    fmt::print(stderr, "chitin trace: {}\n", what);
    return exit_usage;
}
int failed(const std::string& what) {
    fmt::print(stderr, "chitin trace: {}\n", what);
    return exit_failed;
}

std::expected<HostedEnd, std::string> run_cell(const testbed::Scenario& scenario,
                                               const Request& request,
                                               engine::CellResult& result) {
    const std::uint32_t chosen[] = {request.cell};
    const auto take = [&result](const engine::CellResult& one) { result = one; };
    if (request.image) return run_bare_cells(scenario, chosen, true, {}, take);
    return run_hosted_cells(scenario, chosen, {.parallel = 1, .trace_full = true}, take);
}

bool write_file(const std::string& path, const std::string& bytes) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file << bytes;
    file.flush();
    return static_cast<bool>(file);
}

enum class Form : std::uint8_t { none, perfetto, drawing, lines };

Form form_of(const std::string& path) {
    if (path.ends_with(".perfetto-trace")) return Form::perfetto;
    if (path.ends_with(".svg")) return Form::drawing;
    return path.ends_with(".json") ? Form::lines : Form::none;
}

std::string written(const testbed::timeline::History& history, Form form,
                    const std::string& title) {
    switch (form) {
        case Form::drawing: return to_drawing(history, title);
        case Form::lines: return to_event_lines(history);
        default: return to_perfetto(history);
    }
}

const char* hint(Form form) {
    switch (form) {
        case Form::drawing: return "; to look at it: any browser";
        case Form::lines: return "";
        default: return "; to look at it: https://ui.perfetto.dev, \"Open trace file\"";
    }
}

std::optional<std::uint64_t> instant_of(const std::string& text, std::uint64_t otherwise) {
    return text.empty() ? otherwise : testbed::parse_duration(text);
}

int trace(const Request& request) {
    const auto scenario = load_scenario(request.scenario, make_catalogue());
    if (!scenario) return exit_usage;
    if (request.cell >= scenario->cells.size()) {
        return usage(fmt::format("--cell {}: the scenario has {} cells, expected 0..{}",
                                 request.cell, scenario->cells.size(),
                                 scenario->cells.size() - 1));
    }
    const std::filesystem::path source{request.scenario.scenario};
    const std::string path = !request.output.empty() ? request.output
                                                     : source.stem().string() + ".perfetto-trace";
    const Form form = form_of(path);
    if (form == Form::none) {
        return usage(fmt::format("-o {}: expected a name that ends in .perfetto-trace, .svg or "
                                 ".json", path));
    }
    const auto from = instant_of(request.from, 0);
    const auto to = instant_of(request.to, ~std::uint64_t{0});
    if (!from || !to) {
        return usage(fmt::format("{}: expected a duration, such as 250 us",
                                 from ? "--to " + request.to : "--from " + request.from));
    }
    engine::CellResult result;
    const auto ended = run_cell(*scenario, request, result);
    if (!ended) return failed(ended.error());
    if (*ended == HostedEnd::interrupted) return exit_interrupted;
    const testbed::Cell& cell = scenario->cells[request.cell];
    auto history = testbed::timeline::history_of(result, cell.machine.cores);
    std::erase_if(history.events, [&](const kernel::abi::Event& event) {
        return event.time.value < *from || event.time.value > *to;
    });
    const std::string drawing_title = fmt::format("{} ({})", scenario->title, cell.name);
    if (!write_file(path, written(history, form, drawing_title))) {
        return failed(fmt::format("cannot write {}", path));
    }
    if (request.scenario.json) {
        const nlohmann::ordered_json line{{"file", path},
                                          {"cell", request.cell},
                                          {"name", cell.name},
                                          {"events", history.events.size()},
                                          {"error", result.error}};
        fmt::print("{}\n", line.dump());
    } else {
        fmt::print(stderr, "{}: {} events of cell {} ({}){}\n", path, history.events.size(),
                   request.cell, cell.name,
                   hint(form));
    }
    if (!result.error.empty()) return failed("the cell failed: " + result.error);
    return exit_ok;
}

}  // namespace

void add_trace(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("trace", "Write a cell's history as a timeline, or as lines of JSON");
    add_scenario_options(*command, request->scenario);
    command->add_option("-o,--output", request->output,
                        "FILE.perfetto-trace, FILE.svg or FILE.json; default: the scenario's "
                        "name, for Perfetto");
    command->add_option("--from", request->from, "Only events from this virtual time on: 250 us");
    command->add_option("--to", request->to, "Only events until this virtual time");
    command->add_option("--cell", request->cell, "Which of the scenario's cells; default: 0");
    command->add_flag("--image", request->image, "On the bare machine, in QEMU");
    command->footer("Examples:\n"
                    "  chitin trace scenarios/exchange.toml -o exchange.perfetto-trace\n"
                    "  chitin trace scenarios/squeeze.toml -o squeeze.svg --to \"20 ms\"\n"
                    "  chitin trace scenarios/tail.toml --set scheduler=srpt --set load=80\n"
                    "  chitin trace scenarios/cow.toml -o cow.json && grep upcall cow.json");
    command->callback([request, &exit_code] { exit_code = trace(*request); });
}

}  // namespace sim::cli

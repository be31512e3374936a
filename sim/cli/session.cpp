#include "sim/cli/session.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sim/cli/exit_code.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/machine/clock/clock.hpp"
#include "sim/testbed/expectation.hpp"
#include "sim/testbed/report.hpp"
#include "sim/testbed/table.hpp"

namespace sim::cli {

using testbed::Json;

Session::Session(const testbed::Scenario& scenario, const ScenarioOptions& options,
                 const SessionOptions& session, testbed::ResultsFolder folder)
    : scenario_{scenario},
      options_{options},
      machine_{session.machine},
      folder_{std::move(folder)},
      todo_{folder_.missing(scenario)},
      progress_{host::process::terminal_on_stderr()} {}

std::optional<Session> Session::open(const testbed::Scenario& scenario,
                                     const ScenarioOptions& options,
                                     const SessionOptions& session) {
    auto folder = session.resume.empty()
                      ? testbed::ResultsFolder::create(session.output, scenario)
                      : testbed::ResultsFolder::resume(session.resume, scenario);
    if (!folder) {
        fmt::print(stderr, "chitin: {}\n", folder.error());
        return std::nullopt;
    }
    Session opened{scenario, options, session, std::move(*folder)};
    if (!session.resume.empty()) {
        spdlog::info("{} of {} cells are there already", opened.folder_.records().size(),
                     scenario.cells.size());
        if (options.json) {
            for (const Json& record : opened.folder_.records()) {
                fmt::print("{}\n", testbed::to_line(record));
            }
        }
    }
    opened.show_progress();
    return opened;
}

void Session::take(const engine::CellResult& result) {
    Json record = testbed::make_record(scenario_, result, machine_);
    if (machine_ == "hosted" && machine::counts_instructions()) record["clock"] = "instr";
    if (options_.json) {
        fmt::print("{}\n", testbed::to_line(record));
        std::fflush(stdout);
    }
    spdlog::debug("cell {} ({}): {}", result.cell, scenario_.cells[result.cell].name,
                  record["ok"].get<bool>() ? "ok" : record["error"].get<std::string>());
    if (auto kept = folder_.add(std::move(record)); !kept && !disk_failed_) {
        clear_progress();
        fmt::print(stderr, "chitin: {}\n", kept.error());
        disk_failed_ = true;
    }
    ++taken_;
    show_progress();
}

void Session::show_progress() const {
    constexpr std::size_t bar = 30;
    if (!progress_ || todo_.size() < 2) return;
    const std::size_t filled = bar * taken_ / todo_.size();
    fmt::print(stderr, "\r[{}{}] {}/{} cells", std::string(filled, '#'),
               std::string(bar - filled, ' '), taken_, todo_.size());
    std::fflush(stderr);
}

void Session::clear_progress() const {
    if (progress_ && todo_.size() >= 2) fmt::print(stderr, "\r\033[K");
}

void Session::print_results() const {
    if (scenario_.cells.size() == 1) {
        for (const Json& record : folder_.records()) {
            for (const Json& environment : record["environments"]) {
                const std::string text = environment["text"].get<std::string>();
                fmt::print("{}{}", text, text.empty() || text.ends_with('\n') ? "" : "\n");
            }
        }
        fmt::print("\n");
    }
    for (const testbed::Table& table :
         testbed::make_tables(folder_.records(), scenario_.columns)) {
        fmt::print("{}\n", table.text());
    }
}

bool Session::print_failures() const {
    bool good = true;
    for (const Json& record : folder_.records()) {
        if (record["ok"].get<bool>()) continue;
        good = false;
        fmt::print(stderr, "chitin: cell {} ({}) failed: {}\n", record["cell"].get<unsigned>(),
                   record["name"].get<std::string>(), record["error"].get<std::string>());
    }
    return good;
}

int Session::finish(bool interrupted) {
    clear_progress();
    const auto finished =
        folder_.finish(scenario_, testbed::make_report(scenario_, folder_.records()));
    if (!finished) fmt::print(stderr, "chitin: {}\n", finished.error());
    if (!options_.json) {
        print_results();
        fmt::print("Results: {}/ (report.html, cells.jsonl)\n", folder_.path().string());
    }
    bool good = print_failures() && finished && !disk_failed_;
    if (interrupted) {
        fmt::print(stderr, "chitin: interrupted with {} of {} cells done; go on with --resume {}\n",
                   folder_.records().size(), scenario_.cells.size(), folder_.path().string());
        return exit_interrupted;
    }
    for (const std::string& failure :
         testbed::unmet_expectations(scenario_, folder_.records())) {
        fmt::print(stderr, "{}\n", failure);
        good = false;
    }
    return good ? exit_ok : exit_failed;
}

}  // namespace sim::cli

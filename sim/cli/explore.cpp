// chitin explore: many legal histories of a scenario, checked, until one fails.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>

#include <fmt/format.h>

#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/explore_report.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/explore/replay_file.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"
#include "sim/testbed/record.hpp"
#include "sim/testbed/results_folder.hpp"

namespace sim::cli {

namespace {

namespace fs = std::filesystem;
using explore::CampaignOptions;
using explore::FoundFailure;
using explore::Progress;
using explore::Subject;
using testbed::disks::Keeping;

struct Request {
    ScenarioOptions scenario;
    CampaignOptions campaign;
    std::string strategy = "portfolio";
    std::string faults = "legal";
    std::string from;
    std::string output;
    std::optional<std::uint32_t> cell;
    std::uint64_t check_every = 97;
};

int wrong(const std::string& message) {
    fmt::print(stderr, "chitin explore: {}\n", message);
    return exit_usage;
}

class Exploration {
public:
    explicit Exploration(Request& request) : request_{request} {}

    int run();

private:
    // What is wrong with the options; empty: nothing.
    std::string read_options();
    // Of every cell the run without interference; false: one fails, which was said.
    bool learn();
    // A bounded search has no more runs than schedules.
    void limit_runs();
    // Makes the results folder, before anything takes long. What is wrong; empty: nothing.
    std::string make_folder();
    // False: something could not be written, which was said.
    bool keep(const Progress& progress, const ExploreReport& report);
    bool keep_failure(const FoundFailure& found);

    Request& request_;
    std::optional<testbed::Scenario> scenario_;
    std::vector<std::uint32_t> cells_;
    std::vector<std::byte> bundle_;
    std::vector<Subject> subjects_;
    fs::path folder_;
};

std::string Exploration::read_options() {
    const auto strategy = explore::StrategyChoice::parse(request_.strategy);
    if (!strategy) return "--strategy: " + strategy.error();
    const auto faults = explore::FaultChoice::parse(request_.faults);
    if (!faults) return "--faults: " + faults.error();
    request_.campaign.strategy = *strategy;
    request_.campaign.faults = *faults;
    request_.campaign.parallel = request_.scenario.parallel();
    request_.campaign.seed = request_.scenario.seed.value_or(1);
    cells_.resize(scenario_->cells.size());
    std::iota(cells_.begin(), cells_.end(), 0u);
    if (request_.cell) {
        if (*request_.cell >= cells_.size()) {
            return fmt::format("--cell {}: the scenario has {} cells, expected 0..{}",
                               *request_.cell, cells_.size(), cells_.size() - 1);
        }
        cells_ = {*request_.cell};
    }
    if (request_.from.empty()) return {};
    const auto file = explore::read_replay(request_.from);
    if (!file) return "--from " + file.error();
    request_.campaign.prefix = file->decisions;
    return {};
}

bool Exploration::learn() {
    for (std::uint32_t i = 0; i < cells_.size(); ++i) {
        const testbed::Machine& machine = scenario_->cells[cells_[i]].machine;
        Subject subject;
        subject.bundle = bundle_;
        subject.cell = i;
        subject.check_every = request_.check_every;
        subject.disks = [&machine] { return hosted_disks(machine, Keeping::never); };
        const auto report =
            explore::learn_baseline(subject, machine.slice_ns, machine.cores);
        if (report.failure != explore::Failure::none) {
            fmt::print(stderr, "chitin explore: cell {} ({}) fails without any interference: {}\n",
                       cells_[i], scenario_->cells[cells_[i]].name, report.text);
            return false;
        }
        subjects_.push_back(subject);
    }
    return true;
}

void Exploration::limit_runs() {
    std::uint64_t most = 0;
    for (const Subject& subject : subjects_) {
        most = std::max(most, request_.campaign.strategy.runs_of(subject.baseline));
    }
    if (most == 0 || most > request_.campaign.runs / subjects_.size()) return;
    request_.campaign.runs = most * subjects_.size();
}

std::string Exploration::make_folder() {
    folder_ = !request_.output.empty() ? fs::path{request_.output}
                                       : testbed::dated_folder("explore-" + scenario_->name);
    std::error_code error;
    if (fs::exists(folder_ / "summary.json", error)) {
        return fmt::format("--output {}: it has results already, expected another folder",
                           folder_.string());
    }
    fs::create_directories(folder_, error);
    if (!error) return {};
    return fmt::format("{}: cannot make the results folder: {}", folder_.string(),
                       error.message());
}

bool Exploration::keep_failure(const FoundFailure& found) {
    const Subject& subject = subjects_[found.subject];
    const fs::path source{request_.scenario.scenario};
    const std::string path = (folder_ / fmt::format("failure-{}.json", found.run)).string();
    const explore::ReplayFile file{
        .name = scenario_->name,
        .scenario = scenario_->resolved,
        .base_folder = fs::absolute(source).parent_path().string(),
        .cell = cells_[found.subject],
        .check_every = subject.check_every,
        .check_start = explore::start_of(subject, request_.campaign, found.run),
        .baseline = subject.baseline,
        .strategy = found.strategy,
        .run = found.run,
        .seed = request_.campaign.seed,
        .failure = found.report.failure,
        .text = found.report.text,
        .decisions = found.report.decisions,
        .workload = {}};
    const auto written = explore::write_replay(path, file);
    if (!written) fmt::print(stderr, "chitin explore: {}\n", written.error());
    if (request_.scenario.json) {
        fmt::print("{}\n", testbed::Json{{"failure", name_of(found.report.failure)},
                                         {"text", found.report.text},
                                         {"run", found.run},
                                         {"cell", file.cell},
                                         {"decisions", found.report.decisions.size()},
                                         {"file", path}}
                               .dump(-1, ' ', false, testbed::Json::error_handler_t::replace));
        return written.has_value();
    }
    fmt::print("run {} of cell {} ({}) failed, {}: {}\n"
               "    seed {}, strategy {}, faults {}, {} decisions\n"
               "    ./chitin replay {} --shrink\n",
               found.run, file.cell, scenario_->cells[file.cell].name,
               name_of(found.report.failure), found.report.text, file.seed, found.strategy,
               found.faults, found.report.decisions.size(), path);
    return written.has_value();
}

bool Exploration::keep(const Progress& progress, const ExploreReport& report) {
    std::ofstream summary{folder_ / "summary.json"};
    summary << report.json(progress) << '\n';
    summary.flush();
    bool kept = static_cast<bool>(summary);
    if (!kept) fmt::print(stderr, "chitin explore: {} cannot be written\n", folder_.string());
    for (const FoundFailure& found : progress.failures) kept = keep_failure(found) && kept;
    for (const std::uint64_t run : progress.diverged) {
        fmt::print(stderr, "chitin explore: run {} was another one the second time: that is a bug "
                           "of the simulator, please report it\n", run);
    }
    return kept;
}

int Exploration::run() {
    scenario_ = load_scenario(request_.scenario, make_catalogue());
    if (!scenario_) return exit_usage;
    if (const std::string problem = read_options(); !problem.empty()) return wrong(problem);
    auto bundle = testbed::make_bundle(*scenario_, cells_, {});
    if (!bundle) return wrong(bundle.error());
    bundle_ = std::move(*bundle);
    const host::process::Interrupt interrupt;
    if (!learn()) return exit_failed;
    limit_runs();
    if (const std::string problem = make_folder(); !problem.empty()) return wrong(problem);
    const ExploreReport report{request_.campaign.runs};
    const Progress progress =
        explore::explore(subjects_, request_.campaign,
                         [&report](const Progress& so_far) { report.progress(so_far); });
    report.clear();
    const bool kept = keep(progress, report);
    if (request_.scenario.json) {
        fmt::print("{}\n", report.json(progress));
    } else {
        fmt::print("{}Results: {}\n",
                   report.text(progress,
                               explore::meaning_of(request_.campaign, subjects_, progress)),
                   folder_.string());
    }
    if (progress.interrupted) return exit_interrupted;
    return kept && progress.failures.empty() && progress.diverged.empty() ? exit_ok : exit_failed;
}

}  // namespace

void add_explore(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("explore", "Search a scenario's legal histories for one that fails");
    add_scenario_options(*command, request->scenario);
    command->add_option("--runs", request->campaign.runs, "How many runs")
        ->in(std::uint64_t{1}, std::uint64_t{1} << 30)
        ->capture_default_str();
    command->add_option("--strategy", request->strategy,
                        "none, random, pct:D, bounded:N, round-robin, slow, portfolio")
        ->capture_default_str();
    command->add_option("--faults", request->faults,
                        "legal (message, timer, interrupt, translation, publication, wait, "
                        "disk_late, revocation), all (and kill, allocation, frame, disk_error, "
                        "disk_latent), none, or these and names with commas between (also "
                        "disk_misdirected, disk_rot: contents change silently; disk_torn: of "
                        "blocks that a disk with `lose_unflushed` loses some sectors are written)")
        ->capture_default_str();
    command->add_option("--collect", request->campaign.failures_max,
                        "Go on until so many runs have failed")
        ->in(std::uint64_t{1}, std::uint64_t{1} << 30)
        ->capture_default_str();
    command->add_option("--check", request->check_every,
                        "Events between two looks of the checkers; 0: never")
        ->capture_default_str();
    command->add_option("--repeat", request->campaign.repeat_every,
                        "One of so many runs is run twice and compared; 0: none")
        ->capture_default_str();
    command->add_option("--from", request->from,
                        "A replay file: every run begins with its decisions");
    command->add_option("--cell", request->cell, "Only this cell; default: all in turn");
    command->add_option("-o,--output", request->output,
                        "Results folder; default: results/DATE-explore-NAME");
    command->footer("Examples:\n"
                    "  chitin explore scenarios/cores.toml --runs 10000\n"
                    "  chitin explore scenarios/exchange_cores.toml --strategy pct:3 --faults all\n"
                    "  chitin explore scenarios/hello.toml --strategy bounded:1 --faults none\n"
                    "A failure is written to the results folder; `chitin replay FILE --shrink`\n"
                    "makes it small. --seed is the campaign's and the scenario's.");
    command->callback([request, &exit_code] { exit_code = Exploration{*request}.run(); });
}

}  // namespace sim::cli

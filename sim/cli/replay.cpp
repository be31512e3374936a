// chitin replay: one failure that `explore` found, again; smaller; explained.
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "sim/cli/build_tree.hpp"
#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/debug_cell.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/gdb.hpp"
#include "sim/explore/explain.hpp"
#include "sim/explore/replay_file.hpp"
#include "sim/explore/report_codec.hpp"
#include "sim/explore/shrink.hpp"
#include "sim/explore/workload.hpp"
#include "sim/host/process/command.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace sim::cli {

namespace {

using explore::Decisions;
using explore::Failure;
using explore::ReplayFile;
using explore::RunReport;
using explore::Subject;

struct Request {
    std::string file;
    std::string output;
    bool shrink = false;
    bool gdb = false;
    std::vector<std::string> for_gdb;
    bool here = false;
    bool json = false;
    std::uint64_t runs_max = 4000;
};

int wrong(const std::string& message) {
    fmt::print(stderr, "chitin replay: {}\n", message);
    return exit_usage;
}

std::string decisions_text(const Decisions& decisions) {
    std::size_t preemptions = 0;
    for (const auto& one : decisions) {
        preemptions += one.kind == explore::DecisionKind::stall ? 1 : 0;
    }
    const std::size_t faults = decisions.size() - preemptions;
    return fmt::format("{} preemption{} and {} fault{}", preemptions, preemptions == 1 ? "" : "s",
                       faults, faults == 1 ? "" : "s");
}

class Replaying {
public:
    Replaying(const Request& request, ReplayFile file)
        : request_{request}, file_{std::move(file)} {}

    int run();

private:
    // What is wrong with the file's scenario; empty: nothing.
    std::string prepare();
    // The scenario's cell as it is now, with what was shrunk of its workload.
    std::vector<std::byte> bundle_now() const { return bundle_of(*scenario_); }
    std::vector<std::byte> bundle_of(const testbed::Scenario& scenario) const;
    Subject subject_of(std::span<const std::byte> bundle) const;
    RunReport again(const testbed::Scenario& scenario, const Decisions& decisions) const;
    bool fails(const testbed::Scenario& scenario, const Decisions& decisions);
    void shrink();
    void show_progress(std::size_t decisions) const;
    void print(const RunReport& report) const;

    const Request& request_;
    ReplayFile file_;
    std::optional<testbed::Scenario> scenario_;
    std::uint64_t tried_ = 0;  // runs of a shrinking
    std::size_t least_ = 0;    // decisions that failed, of those
};

std::string Replaying::prepare() {
    testbed::Problems problems;
    scenario_ = testbed::parse_scenario(file_.scenario, file_.name, make_catalogue(),
                                        {{}, {}, file_.base_folder}, problems);
    if (!scenario_) return problems.text();
    if (file_.cell >= scenario_->cells.size()) {
        return fmt::format("\"cell\": its scenario has {} cells", scenario_->cells.size());
    }
    const std::uint32_t cores = scenario_->cells[file_.cell].machine.cores;
    if (file_.baseline.cores != cores) return fmt::format("\"cores\": expected {}", cores);
    for (const auto& one : file_.decisions) {
        if (one.core >= cores) {
            return fmt::format("a decision names core {}: the cell has {}", one.core, cores);
        }
    }
    return apply(scenario_->cells[file_.cell], file_.workload, make_catalogue());
}

std::vector<std::byte> Replaying::bundle_of(const testbed::Scenario& scenario) const {
    const std::uint32_t chosen[] = {file_.cell};
    return testbed::make_bundle(scenario, chosen, {}).value_or(std::vector<std::byte>{});
}

Subject Replaying::subject_of(std::span<const std::byte> bundle) const {
    return {.bundle = bundle,
            .cell = 0,
            .several_cores = file_.baseline.cores > 1,
            .baseline = file_.baseline,
            .check_every = file_.check_every,
            .disks = [this] {
                return hosted_disks(scenario_->cells[file_.cell].machine,
                                    testbed::disks::Keeping::never);
            }};
}

RunReport Replaying::again(const testbed::Scenario& scenario, const Decisions& decisions) const {
    const auto bundle = bundle_of(scenario);
    return explore::run_apart(
        subject_of(bundle), [&] { return std::make_unique<explore::Replay>(decisions); },
        file_.check_start);
}

bool Replaying::fails(const testbed::Scenario& scenario, const Decisions& decisions) {
    if (host::process::Interrupt::seen()) return false;
    ++tried_;
    const bool same = same_failure(again(scenario, decisions), file_.failure, file_.text);
    if (same) least_ = decisions.size();
    show_progress(decisions.size());
    return same;
}

// On a terminal only. Ctrl-C ends the search, and keeps the least found.
void Replaying::show_progress(std::size_t decisions) const {
    if (!host::process::terminal_on_stderr()) return;
    fmt::print(stderr,
               "\r\033[Kshrinking: {} runs, {} decisions left, trying {}; Ctrl-C keeps that",
               tried_, least_, decisions);
    std::fflush(stderr);
}

void Replaying::shrink() {
    const std::size_t before = least_ = file_.decisions.size();
    if (file_.failure == Failure::checker) {
        file_.check_every = 1;  // at its first event, whichever that becomes
        file_.check_start = 0;
        const RunReport first = again(*scenario_, file_.decisions);
        if (first.failure == Failure::checker) file_.text = first.text;
    }
    const auto with = [this](const Decisions& decisions) { return fails(*scenario_, decisions); };
    file_.decisions = explore::shrink_decisions(file_.decisions, with, request_.runs_max);
    file_.workload = explore::shrink_workload(
        *scenario_, file_.cell, make_catalogue(),
        [this](const testbed::Scenario& smaller) {
            // One that fails by itself fails for a reason of its own.
            const bool itself = !file_.decisions.empty() && fails(smaller, {});
            return !itself && fails(smaller, file_.decisions);
        });
    (void)apply(scenario_->cells[file_.cell], file_.workload, make_catalogue());
    file_.decisions = explore::shrink_decisions(file_.decisions, with, request_.runs_max);
    if (host::process::terminal_on_stderr()) fmt::print(stderr, "\r\033[K");
    const std::string path =
        !request_.output.empty()
            ? request_.output
            : std::filesystem::path{request_.file}.replace_extension(".small.json").string();
    if (const auto written = explore::write_replay(path, file_); !written) {
        fmt::print(stderr, "chitin replay: {}\n", written.error());
    }
    if (request_.json) return;
    fmt::print("shrunk from {} decisions to {}: {}\n", before, file_.decisions.size(),
               decisions_text(file_.decisions));
    for (const auto& change : file_.workload) {
        fmt::print("    with {}'s {} = {}\n",
                   scenario_->cells[file_.cell].environments[change.environment].name, change.name,
                   change.value);
    }
    fmt::print("    ./chitin replay {}\n", path);
}

void Replaying::print(const RunReport& report) const {
    const bool same = same_failure(report, file_.failure, file_.text);
    if (request_.json) {
        fmt::print("{}\n", explore::Json{{"reproduced", same},
                                         {"failure", name_of(report.failure)},
                                         {"text", report.text},
                                         {"events", report.events},
                                         {"decisions", explore::to_json(file_.decisions)}}
                               .dump(-1, ' ', false, explore::Json::error_handler_t::replace));
        return;
    }
    if (report.failure == Failure::none) {
        fmt::print("no failure. The file says: {}: {}\n", name_of(file_.failure), file_.text);
        return;
    }
    fmt::print("{}, {}: {}\n", same ? "reproduced" : "it fails otherwise", name_of(report.failure),
               report.text);
    constexpr std::size_t explained_max = 12;
    const auto bundle = bundle_now();
    fmt::print("{}", explore::explain(subject_of(bundle), file_.decisions, file_.check_start,
                                      explained_max));
    if (file_.decisions.size() > explained_max) {
        fmt::print("... and {} more: --shrink finds those that matter\n",
                   file_.decisions.size() - explained_max);
    }
}

// Stops where each decision takes effect and where a checker speaks; a crash stops by itself.
int start_gdb(const Request& request) {
    const BuildTree tree = find_build_tree();
    if (const GdbMissing missing = gdb_missing(tree); !missing.what.empty()) {
        fmt::print(stderr, "chitin replay: {}\n", missing.what);
        return missing.exit_code;
    }
    std::vector<std::string> all = gdb_with_script(tree);
    for (const char* stop : {"decision_takes_effect", "failure_shows"}) {
        all.insert(all.end(), {"-ex", fmt::format("break sim::explore::{}", stop)});
    }
    all.insert(all.end(), request.for_gdb.begin(), request.for_gdb.end());
    all.insert(all.end(), {"--args", host::process::own_path(), "replay", request.file, "--here"});
    if (request.json) all.emplace_back("--json");
    fmt::print(stderr, "chitin replay: {}\n", host::process::replace_process(all));
    return exit_failed;
}

int Replaying::run() {
    if (const std::string problem = prepare(); !problem.empty()) {
        return wrong(fmt::format("{}: {}", request_.file, problem));
    }
    if (request_.gdb) return start_gdb(request_);
    const host::process::Interrupt interrupt;
    if (request_.here) {
        const auto bundle = bundle_now();
        explore::Replay again{file_.decisions};
        Subject subject = subject_of(bundle);
        subject.on_machine = &show_debugger;
        const auto report = explore::run(
            subject, again, file_.check_start,
            [](const explore::Recorder&, const explore::Decision& one, const kernel::abi::Event*) {
                explore::decision_takes_effect(one);
            });
        print(report);
        return report.failure == Failure::none ? exit_ok : exit_failed;
    }
    RunReport report = again(*scenario_, file_.decisions);
    if (request_.shrink && report.failure != Failure::none) {
        file_.failure = report.failure;
        file_.text = report.text;
        shrink();
        report = again(*scenario_, file_.decisions);
    }
    if (host::process::Interrupt::seen()) return exit_interrupted;
    print(report);
    return report.failure == Failure::none ? exit_ok : exit_failed;
}

}  // namespace

void add_replay(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("replay", "Run a failure that `explore` found again");
    command->add_option("file", request->file, "The file that `chitin explore` named")->required();
    command->add_flag("--shrink", request->shrink,
                      "Find the fewest decisions and the least workload that fail so");
    command->add_option("-o,--output", request->output,
                        "Of --shrink: the smaller file; default: FILE with .small before .json");
    command->add_option("--tries", request->runs_max, "Of --shrink: runs at most, twice")
        ->capture_default_str();
    command->add_flag("--here", request->here,
                      "In this process, for a debugger: each decision calls "
                      "sim::explore::decision_takes_effect");
    command->add_flag("--gdb", request->gdb,
                      "Under gdb, stopped at each decision and where a checker speaks; what is not "
                      "listed here goes to gdb");
    command->add_flag("--json", request->json, "A JSON line on standard output, nothing else");
    command->footer("Exit code: 0: it does not fail any more, 1: it fails.\n\nExamples:\n"
                    "  chitin replay results/2026-11-21-101500-explore-cores/failure-812.json\n"
                    "  chitin replay failure-812.json --shrink\n"
                    "  chitin replay failure-812.json --gdb -ex run -ex 'chitin bt 0'\n"
                    "  chitin replay failure-812.json --gdb --batch -ex run -ex 'chitin envs'");
    command->allow_extras();
    command->callback([command, request, &exit_code] {
        request->for_gdb = command->remaining();
        std::erase(request->for_gdb, "--");
        if (!request->for_gdb.empty() && !request->gdb) {
            exit_code = wrong(fmt::format("\"{}\" is not expected: without --gdb nobody reads it",
                                          request->for_gdb.front()));
            return;
        }
        auto file = explore::read_replay(request->file);
        exit_code = file ? Replaying{*request, std::move(*file)}.run() : wrong(file.error());
    });
}

}  // namespace sim::cli

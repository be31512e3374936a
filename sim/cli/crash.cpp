// chitin crash: every crash of a scenario's disk, recovered and judged.
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/machine/clock/clock.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/power/campaign.hpp"
#include "sim/testbed/table.hpp"

namespace sim::cli {

namespace {

using testbed::power::CampaignResult;
using testbed::power::kind_names;
using testbed::power::PowerOptions;
using testbed::power::Tally;
using testbed::power::VolumeResult;
using Json = nlohmann::ordered_json;

struct Request {
    ScenarioOptions scenario;
    PowerOptions power;
    std::optional<std::uint32_t> cell;
};

int say(int code, const std::string& what) {
    fmt::print(stderr, "chitin crash: {}\n", what);
    return code;
}

class Crashes {
public:
    explicit Crashes(const Request& request) : request_{request} {}

    int run();

private:
    // A cell's work in parts, so that all processors have some and progress shows.
    static constexpr std::uint32_t parts = 16;

    [[nodiscard]] std::uint32_t cell_of(std::uint32_t job) const { return cells_[job / parts]; }
    // False: interrupted.
    bool work();
    void take(const host::process::JobEnd& end);
    void show_progress(std::uint32_t done) const;
    [[nodiscard]] std::string bound() const;
    [[nodiscard]] std::string replay(std::uint32_t cell, std::uint64_t state) const;
    void print_json() const;
    void print_text() const;
    void print_cell(std::size_t at) const;

    const Request& request_;
    std::optional<testbed::Scenario> scenario_;
    std::vector<std::uint32_t> cells_;
    std::vector<CampaignResult> results_;
    std::string failure_;
    std::uint32_t done_ = 0;
    std::uint64_t states_ = 0;
    std::uint64_t broken_ = 0;
};

void Crashes::take(const host::process::JobEnd& end) {
    ++done_;
    show_progress(done_);
    if (!failure_.empty()) return;
    const std::string& name = scenario_->cells[cell_of(end.job)].name;
    std::string wrong = end.failure;
    if (wrong.empty() && end.output.starts_with("!")) wrong = end.output.substr(1);
    if (wrong.empty()) {
        const auto result = testbed::power::decode(end.output);
        if (!result) wrong = result.error();
        if (result) results_[end.job / parts].add(*result);
    }
    if (!wrong.empty()) failure_ = fmt::format("cell {} ({}): {}", cell_of(end.job), name, wrong);
}

bool Crashes::work() {
    const auto job = [this](std::uint32_t number) -> std::string {
        PowerOptions own = request_.power;
        own.bounds.seed = request_.scenario.seed.value_or(1);
        own.bounds.part = number % parts;
        own.bounds.parts = parts;
        if (own.bounds.only_state >= 0 && own.machine_every != 0) own.machine_every = 1;
        const auto result = testbed::power::run_campaign(*scenario_, cell_of(number), own);
        return result ? testbed::power::encode(*result) : "!" + result.error();
    };
    const bool enough = false;
    return host::process::run_jobs(
        {.jobs = static_cast<std::uint32_t>(cells_.size()) * parts,
         .parallel = request_.scenario.parallel(),
         .enough = &enough},
        job, [this](const host::process::JobEnd& end) { take(end); });
}

void Crashes::show_progress(std::uint32_t done) const {
    if (!host::process::terminal_on_stderr()) return;
    const std::size_t all = cells_.size() * parts;
    if (done == all) {
        fmt::print(stderr, "\r{:40}\r", "");
        return;
    }
    fmt::print(stderr, "\r{} of {} parts judged ", done, all);
}

std::string Crashes::bound() const {
    const auto& bounds = request_.power.bounds;
    std::string text = fmt::format(
        "Of the writes between two flushes, up to {}: every subset; more: every prefix, every one "
        "missing, every one\nalone, and {} random subsets. Torn: {} states between two flushes, "
        "each sector of 512 bytes as before or as any write\nleft it. Seed {}.",
        bounds.subset_writes_max, bounds.random_subsets, bounds.torn,
        request_.scenario.seed.value_or(1));
    if (request_.power.machine_every != 0) {
        text += fmt::format(" One state of {} is recovered on the simulated machine too.",
                            request_.power.machine_every);
    }
    return text;
}

std::string Crashes::replay(std::uint32_t cell, std::uint64_t state) const {
    std::string command = "./chitin crash";
    for (const std::string& part : as_arguments(request_.scenario)) command += " " + part;
    command += fmt::format(" --cell {} --state {}", cell, state);
    if (request_.power.ignore_flushes) command += " --ignore-flushes";
    return command;
}

Json json_of(const VolumeResult& volume, std::size_t kind) {
    const Tally& tally = volume.tallies[kind];
    return {{"environment", volume.environment},
            {"fs", volume.format},
            {"kind", kind_names[kind]},
            {"states", tally.states},
            {"clean", tally.clean},
            {"repaired", tally.repaired},
            {"noticed", tally.noticed},
            {"refused", tally.refused},
            {"silent", tally.silent},
            {"rolled_back", tally.rolled_back},
            {"broken", tally.broken},
            {"files_pending", tally.files_pending},
            {"files_unreadable", tally.files_unreadable},
            {"files_wrong", tally.files_wrong},
            {"repairs_harmed", tally.repairs_harmed}};
}

void Crashes::print_json() const {
    const auto line = [](const Json& json) {
        fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
    };
    for (std::size_t at = 0; at < cells_.size(); ++at) {
        for (const VolumeResult& volume : results_[at].volumes) {
            for (std::size_t kind = 0; kind < kind_names.size(); ++kind) {
                Json row{{"cell", cells_[at]}, {"name", scenario_->cells[cells_[at]].name}};
                row.update(json_of(volume, kind));
                if (volume.tallies[kind].states != 0) line(row);
            }
            for (const auto& breach : volume.breaches) {
                line({{"cell", cells_[at]},
                      {"environment", volume.environment},
                      {"state", breach.state},
                      {"kind", kind_names[static_cast<std::size_t>(breach.kind)]},
                      {"where", breach.where},
                      {"what", breach.what}});
            }
        }
    }
    line({{"states", states_}, {"broken", broken_}, {"bound", bound()}});
}

void Crashes::print_cell(std::size_t at) const {
    const CampaignResult& result = results_[at];
    fmt::print("{}: {} blocks written between {} flushes; {} of {} epochs in every subset, the "
               "largest has {} writes\n",
               scenario_->cells[cells_[at]].name, result.writes, result.flushes,
               result.epochs_whole, result.epochs, result.epoch_most);
    testbed::Table table{.title = {},
                         .columns = {"environment", "fs", "kind", "states", "clean", "repaired",
                                     "noticed", "refused", "silent", "rolled back", "broken",
                                     "unreadable", "wrong", "unfinished"},
                         .rows = {}};
    for (const VolumeResult& volume : result.volumes) {
        for (std::size_t kind = 0; kind < kind_names.size(); ++kind) {
            const Tally& t = volume.tallies[kind];
            if (t.states == 0) continue;
            std::vector<std::string> row{volume.environment, volume.format,
                                         std::string{kind_names[kind]}};
            for (const std::uint64_t number :
                 {t.states, t.clean, t.repaired, t.noticed, t.refused, t.silent, t.rolled_back,
                  t.broken,
                  t.files_unreadable, t.files_wrong, t.files_pending}) {
                row.push_back(std::to_string(number));
            }
            table.rows.push_back(std::move(row));
        }
    }
    fmt::print("{}\n", table.text());
    for (const VolumeResult& volume : result.volumes) {
        for (const auto& breach : volume.breaches) {
            fmt::print("{}, {}: {}: {}\n", volume.environment,
                       kind_names[static_cast<std::size_t>(breach.kind)], breach.where,
                       breach.what);
            if (breach.kind < testbed::power::Kind::rot) {
                fmt::print("    {}\n", replay(cells_[at], breach.state));
            }
        }
    }
}

void Crashes::print_text() const {
    for (std::size_t at = 0; at < cells_.size(); ++at) print_cell(at);
    fmt::print("{}\n{} states, {} in which a guarantee did not hold.\n", bound(), states_,
               broken_);
}

int Crashes::run() {
    scenario_ = load_scenario(request_.scenario, make_catalogue());
    if (!scenario_) return exit_usage;
    for (std::uint32_t i = 0; i < scenario_->cells.size(); ++i) {
        if (!request_.cell || *request_.cell == i) cells_.push_back(i);
    }
    if (cells_.empty()) {
        return say(exit_usage, fmt::format("--cell {}: the scenario has {} cells, expected 0..{}",
                                           *request_.cell, scenario_->cells.size(),
                                           scenario_->cells.size() - 1));
    }
    results_.resize(cells_.size());
    machine::prepare_process();
    const host::process::Interrupt interrupt;
    const bool complete = work();
    if (!failure_.empty()) return say(exit_failed, failure_);
    for (const CampaignResult& result : results_) {
        for (const VolumeResult& volume : result.volumes) {
            for (const Tally& tally : volume.tallies) {
                states_ += tally.states;
                broken_ += tally.broken;
            }
        }
    }
    if (complete && request_.power.bounds.only_state >= 0 && states_ == 0) {
        return say(exit_usage, fmt::format("--state: there is no crash state {} that is judged",
                                           request_.power.bounds.only_state));
    }
    request_.scenario.json ? print_json() : print_text();
    if (!complete) return say(exit_interrupted, "interrupted: what is above is not all");
    return broken_ == 0 ? exit_ok : exit_failed;
}

}  // namespace

void add_crash(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command = app.add_subcommand(
        "crash", "Try every crash of a scenario's disk: what was promised must be there");
    add_scenario_options(*command, request->scenario);
    auto& power = request->power;
    command->add_option("--cell", request->cell, "Only this cell; default: all");
    command->add_option("--state", power.bounds.only_state,
                        "Only this crash state: says whose changes were lost in part too")
        ->not_negative();
    command->add_option("--subsets", power.bounds.subset_writes_max,
                        "So many writes between two flushes are tried in all subsets")
        ->in(0u, 16u)
        ->capture_default_str();
    command->add_option("--random", power.bounds.random_subsets,
                        "Random subsets where there are more writes")
        ->in(0u, 1u << 20)
        ->capture_default_str();
    command->add_option("--torn", power.bounds.torn, "States between two flushes with torn blocks")
        ->in(0u, 1u << 20)
        ->capture_default_str();
    command->add_option("--damages", power.damages,
                        "After each flush so many bits that rot, blocks that cannot be read, and "
                        "writes that went elsewhere; 0: none")
        ->in(0u, 1u << 20)
        ->capture_default_str();
    command->add_option("--machine-every", power.machine_every,
                        "Of so many states one is recovered on the simulated machine too; 0: none")
        ->capture_default_str();
    command->add_flag("--ignore-flushes", power.ignore_flushes,
                      "A control: the disk ignores flushes, and promises must be broken");
    command->footer(
        "The scenario's programs say what they changed and persisted, as `persist` does.\n"
        "clean: all as promised; repaired: after the check's repair; noticed: damage was answered\n"
        "with an error or the check names it; silent: files as they never were, and nothing says\n"
        "so; rolled back: as they once were; broken: what the format guarantees did not hold;\n"
        "then files: unreadable, wrong, and changes under way that were lost in part.\n"
        "\nExamples:\n"
        "  chitin crash scenarios/crash.toml\n"
        "  chitin crash scenarios/crash.toml --set fs=log --seed 7 --json\n"
        "  chitin crash scenarios/crash.toml --ignore-flushes   does the judge bite?\n"
        "\nExit codes: 0 every guarantee held, 1 one did not, 2 wrong usage or bad input.");
    command->callback([request, &exit_code] { exit_code = Crashes{*request}.run(); });
}

}  // namespace sim::cli

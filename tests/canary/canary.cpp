// A canary's search: the stock scenarios, until one run fails. Linked with the kernel or libOS as a
// patch made it. Prints one JSON line; exit code 0: caught, 1: not, 2: wrong usage.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "scenarios/programs/programs.hpp"
#include "sim/explore/campaign.hpp"
#include "sim/explore/shrink.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/models/disk_profiles.hpp"
#include "sim/testbed/catalogue.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace {

using namespace sim;
using explore::Failure;
using explore::RunReport;
using explore::Subject;
using Clock = std::chrono::steady_clock;

struct Stage {
    const char* scenario;
    std::uint32_t cell;
    std::uint64_t check_every;  // of the first look, without interference
    // Looked at in every pass: its programs go by no clock, so they do not mind when cores stand
    // still, and no other cell of theirs is enough.
    bool patient;
};

// The quick ones first. Cells: of exchange_cores four messages at a time and sixteen with a dither,
// of threads the schedulers fifo and priority, of probe_ends some of the instants at which core 0
// ends, of multikernel two cores, of churn one core.
constexpr Stage stages[] = {
    {"hello", 0, 1, true},           {"cores", 0, 7, true},
    {"churn_ring", 0, 31, true},     {"churn", 3, 31, false},
    {"probe", 0, 1, false},          {"probe_root", 0, 31, false},
    {"threads", 0, 31, false},       {"threads", 3, 31, false},
    {"exchange_cores", 2, 31, true}, {"exchange", 0, 31, true},
    {"probe_turns", 0, 31, false},   {"probe_turns", 1, 31, false},
    {"probe_ends", 7, 7, true},      {"probe_ends", 40, 7, true},
    {"cow", 0, 31, true},            {"slices", 0, 31, true},
    {"exchange_cores", 7, 31, true}, {"probe_cores", 0, 97, false},
    {"disk_probe", 0, 97, false},    {"shared_disk", 0, 997, false},
    {"multikernel", 1, 97, true},    {"tree_probe", 0, 1, false},
    {"shared_tree", 0, 31, false}};

constexpr std::uint64_t events_max = 1'000'000;  // of a stage's run: more is a hang

struct Caught {
    std::string scenario;
    std::uint32_t cell = 0;
    RunReport report;
    std::uint64_t runs = 0;
    double seconds = 0;
};

testbed::Catalogue catalogue() {
    auto all = testbed::catalogue_of(scenarios::programs::program_declarations(),
                                     models::cost_profiles(), models::disk_profiles());
    all.policies = {"clock", "lru", "arc"};
    return all;
}

class Hunt {
public:
    explicit Hunt(double seconds) : seconds_{seconds} {}

    // False: not within the time.
    bool run(Caught& caught) {
        for (std::uint64_t pass = 0; elapsed() < seconds_; ++pass) {
            for (const Stage& stage : stages) {
                if (search(stage, pass, caught)) return true;
                if (elapsed() >= seconds_) break;
            }
        }
        return false;
    }
    [[nodiscard]] std::uint64_t runs() const { return runs_; }
    [[nodiscard]] double elapsed() const {
        return std::chrono::duration<double>(Clock::now() - begin_).count();
    }

private:
    bool search(const Stage& stage, std::uint64_t pass, Caught& caught);
    static explore::Decisions shrunk(const Subject& subject, const RunReport& report);

    double seconds_;
    Clock::time_point begin_ = Clock::now();
    std::uint64_t runs_ = 0;
};

// Each pass is a campaign of its own, longer than the one before; every second with all faults.
bool Hunt::search(const Stage& stage, std::uint64_t pass, Caught& caught) {
    testbed::Problems problems;
    const std::string path =
        std::string{CHITIN_SOURCE} + "/scenarios/" + stage.scenario + ".toml";
    const auto scenario = testbed::read_scenario(path, catalogue(), {}, problems);
    if (!scenario || stage.cell >= scenario->cells.size()) {
        std::cerr << problems.text() << path << ": no cell " << stage.cell << '\n';
        std::exit(2);
    }
    const std::uint32_t chosen[] = {stage.cell};
    const auto bundle = testbed::make_bundle(*scenario, chosen, {});
    const testbed::Machine& machine = scenario->cells[stage.cell].machine;
    Subject subject;
    subject.bundle = *bundle;
    subject.disks = [&machine] {
        return testbed::disks::hosted_disks(machine, testbed::disks::Keeping::never);
    };
    subject.seconds_max = 30;
    subject.check_every = stage.check_every;
    const auto found = [&](RunReport report) {
        caught = {stage.scenario, stage.cell, std::move(report), runs_, elapsed()};
        caught.report.decisions = shrunk(subject, caught.report);
        return true;
    };
    if (pass > 0 && !stage.patient) return false;
    ++runs_;
    RunReport report = learn_baseline(subject, machine.slice_ns, machine.cores, events_max);
    if (report.failure != Failure::none) return found(std::move(report));
    if (!stage.patient) return false;
    subject.check_every = 97;
    explore::CampaignOptions options;
    options.runs = std::uint64_t{4} << std::min<std::uint64_t>(pass, 6);
    options.faults = *explore::FaultChoice::parse(pass % 2 == 0 ? "legal" : "all");
    options.seed = pass + 1;
    options.repeat_every = 0;
    const auto progress = explore::explore({subject}, options, [](const auto&) {});
    runs_ += progress.runs;
    return !progress.failures.empty() && found(progress.failures.front().report);
}

explore::Decisions Hunt::shrunk(const Subject& subject, const RunReport& report) {
    if (report.decisions.empty()) return {};
    const std::uint64_t runs_max = report.failure == Failure::endless ? 150 : 1500;
    const auto again = [&](const explore::Decisions& decisions) {
        const auto run = explore::run_apart(
            subject, [&] { return std::make_unique<explore::Replay>(decisions); }, 0);
        return run.failure == report.failure;
    };
    return explore::shrink_decisions(report.decisions, again, runs_max);
}

}  // namespace

int main(int argc, char** argv) {
    char* end = nullptr;
    const double seconds = argc == 2 ? std::strtod(argv[1], &end) : 0;
    if (seconds <= 0 || *end != '\0') {
        std::cerr << "usage: " << argv[0] << " SECONDS\n";
        return 2;
    }
    Hunt hunt{seconds};
    Caught caught;
    if (!hunt.run(caught)) {
        std::cout << nlohmann::ordered_json{{"caught", false}, {"runs", hunt.runs()},
                                            {"seconds", hunt.elapsed()}} << '\n';
        return 1;
    }
    const nlohmann::ordered_json line{{"caught", true},
                                      {"by", name_of(caught.report.failure)},
                                      {"scenario", caught.scenario},
                                      {"cell", caught.cell},
                                      {"runs", caught.runs},
                                      {"seconds", caught.seconds},
                                      {"decisions", caught.report.decisions.size()},
                                      {"text", caught.report.text}};
    std::cout << line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << '\n';
    return 0;
}

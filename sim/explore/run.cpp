#include "sim/explore/run.hpp"

#include <algorithm>

#include "sim/checkers/conservation.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/record.hpp"

namespace sim::explore {

namespace {

constexpr std::uint32_t tlb_pages = 2048;  // of a machine that is made for one short run
constexpr std::uint64_t events_spare = 20'000;
constexpr std::uint64_t time_spare_ns = 1'000'000'000;
constexpr std::uint64_t quiet_spare = 4'000;
constexpr std::uint64_t progress_spare = 2'000;

// The first result line that says that something was violated.
std::string violation_in(const engine::CellResult& result) {
    for (const engine::EnvResult& env : result.envs) {
        for (const std::string& line : env.results) {
            if (line.find("\"violation\"") != std::string::npos) return env.name + ": " + line;
        }
    }
    return {};
}

// What the environments that did not end well said.
std::string last_words(const engine::CellResult& result) {
    std::string all;
    for (const engine::EnvResult& env : result.envs) {
        if (env.info.exit_code == 0 || env.text.empty()) continue;
        all += "; " + env.name + ": " + env.text.substr(0, env.text.find('\n'));
    }
    return all;
}

void judge(RunReport& report, const Recorder& recorder, const engine::CellResult& result,
           bool several_cores) {
    const auto fail = [&report](Failure failure, std::string text) {
        report.failure = failure;
        report.text = std::move(text);
    };
    if (!recorder.failure().empty()) return fail(Failure::checker, recorder.failure());
    if (recorder.endless()) {
        const std::string standing = recorder.standing();
        return fail(Failure::endless, "it does not end: " + std::to_string(recorder.events()) +
                                          " events" + (standing.empty() ? "" : "; " + standing));
    }
    if (std::string found = violation_in(result); !found.empty()) {
        return fail(Failure::violation, std::move(found));
    }
    if (result.outcome.frames_lost != 0) {
        return fail(Failure::checker,
                    std::to_string(result.outcome.frames_lost) + " frames were not returned");
    }
    const bool spoilt = std::ranges::any_of(
        recorder.decisions(), [](const Decision& one) { return hostile(one.kind); });
    if (spoilt && result.error.empty()) return;
    std::string problem = testbed::problem_of(result, several_cores);
    if (!problem.empty()) fail(Failure::ended, problem + last_words(result));
}

}  // namespace

std::string_view name_of(Failure failure) {
    constexpr std::string_view names[] = {"none",      "crash", "checker",
                                          "violation", "ended", "endless"};
    return names[static_cast<std::size_t>(failure)];
}

Limits Subject::limits() const {
    return {.events = times_baseline * baseline.events + events_spare,
            .time_ns = times_baseline * baseline.time_ns + time_spare_ns,
            .quiet_events = times_quiet * baseline.events + quiet_spare,
            .progress_events = 2 * baseline.events + progress_spare};
}

RunReport run(const Subject& subject, Chooser& chooser, std::uint64_t start,
              const std::function<void(const Recorder&, const Decision&,
                                       const kernel::abi::Event*)>& watch) {
    Recorder recorder{chooser, subject.limits(), subject.baseline.cores};
    recorder.on_decision = watch;
    machine::HostedOptions options;
    options.director = &recorder;
    options.on_machine = subject.on_machine;
    options.tlb_pages = tlb_pages;
    RunReport report;
    if (subject.disks) {
        auto disks = subject.disks();
        if (!disks) {
            report.failure = Failure::ended;
            report.text = disks.error();
            return report;
        }
        options.disks = std::move(*disks);
    }
    std::uint64_t next = start;
    if (subject.check_every != 0) {
        options.verify = [&](std::span<std::byte> pool) {
            if (next-- != 0) return;
            next = subject.check_every - 1;
            recorder.fail(checkers::verify_conservation(pool));
        };
    }
    const engine::CellResult result = machine::run_hosted(subject.bundle, subject.cell, options);
    report.decisions = recorder.decisions();
    report.probes = recorder.probes();
    report.events = recorder.events();
    report.time_ns = result.outcome.time_ns;
    report.hash = result.trace_hash;
    judge(report, recorder, result, subject.several_cores);
    return report;
}

}  // namespace sim::explore

// How many short runs a second exploring makes on one processor: scenarios/hello.toml with stalls
// and legal faults, with and without the checkers; a run's machine is made and given up each time.
#include <benchmark/benchmark.h>

#include "scenarios/programs/programs.hpp"
#include "sim/explore/campaign.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/models/disk_profiles.hpp"
#include "sim/testbed/catalogue.hpp"
#include "sim/testbed/bundle.hpp"

namespace bench {

namespace {

using namespace sim;

// The first cell of the scenario; nothing where it cannot be read.
std::optional<std::vector<std::byte>> hello(explore::Subject& subject) {
    const auto catalogue =
        testbed::catalogue_of(scenarios::programs::program_declarations(),
                              models::cost_profiles(), models::disk_profiles());
    testbed::Problems problems;
    const auto scenario = testbed::read_scenario(CHITIN_SOURCE_DIR "/scenarios/hello.toml",
                                                 catalogue, {{}, {}, {}}, problems);
    if (!scenario) return std::nullopt;
    const std::uint32_t chosen[] = {0};
    auto bundle = testbed::make_bundle(*scenario, chosen, {});
    if (!bundle) return std::nullopt;
    subject.bundle = *bundle;
    const testbed::Machine& machine = scenario->cells.front().machine;
    if (!learn_baseline(subject, machine.slice_ns, machine.cores).text.empty()) return std::nullopt;
    return std::move(*bundle);
}

void explore_hello(benchmark::State& state) {
    explore::Subject subject;
    const auto bundle = hello(subject);
    if (!bundle) return state.SkipWithError("scenarios/hello.toml does not run");
    if (state.range(0) == 0) subject.check_every = 0;
    explore::CampaignOptions options;
    options.strategy = *explore::StrategyChoice::parse("portfolio");
    options.faults = *explore::FaultChoice::parse("legal");
    std::uint64_t number = 0;
    std::uint64_t events = 0;
    for (auto _ : state) {
        const auto chooser = chooser_of(subject, options, number, 1);
        const auto report = run(subject, *chooser, start_of(subject, options, number));
        if (!report.text.empty()) return state.SkipWithError(report.text.c_str());
        events += report.events;
        ++number;
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(number));
    state.counters["events"] = benchmark::Counter(static_cast<double>(events),
                                                  benchmark::Counter::kAvgIterations);
}

BENCHMARK(explore_hello)
    ->Name("explore/hello")
    ->ArgName("checkers")
    ->Arg(1)
    ->Arg(0)
    ->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace bench

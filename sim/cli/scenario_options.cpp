#include "sim/cli/scenario_options.hpp"

#include <cstdio>

#include <spdlog/spdlog.h>

#include "sim/cli/command.hpp"
#include "sim/host/process/worker.hpp"

namespace sim::cli {

std::uint32_t ScenarioOptions::parallel() const {
    return jobs != 0 ? jobs : host::process::processors();
}

void add_scenario_options(Command& command, ScenarioOptions& options) {
    constexpr std::uint32_t jobs_max = 256;
    command.add_option("scenario", options.scenario, "Scenario file (.toml)")->required();
    command.add_option("--set", options.settings,
                       "key=value: an axis (policy=lru,fifo), an argument (frames=100, "
                       "replay.frames=100) or a path (machine.memory=\"128 MiB\"); repeatable")
        ->one_each();
    command.add_option("--seed", options.seed, "The seed of every random stream");
    command.add_option("-j,--jobs", options.jobs, "Cells at once; default: one a processor")
        ->in(1u, jobs_max);
    command.add_flag("--json", options.json, "JSON lines on standard output, nothing else");
    command.add_flag("-v,--verbose", options.verbose, "Say more on standard error");
}

std::optional<testbed::Scenario> load_scenario(const ScenarioOptions& options,
                                               const testbed::Catalogue& catalogue) {
    if (options.verbose) spdlog::set_level(spdlog::level::debug);
    testbed::Problems problems;
    auto scenario = testbed::read_scenario(options.scenario, catalogue,
                                           {options.settings, options.seed, {}}, problems);
    if (scenario) {
        spdlog::debug("{}: {} cells, {} traces", options.scenario, scenario->cells.size(),
                      scenario->files.size());
        return scenario;
    }
    const std::string text = problems.text();
    std::fwrite(text.data(), 1, text.size(), stderr);
    return std::nullopt;
}

std::vector<std::string> as_arguments(const ScenarioOptions& options) {
    std::vector<std::string> arguments{options.scenario};
    for (const std::string& setting : options.settings) {
        arguments.insert(arguments.end(), {"--set", setting});
    }
    if (options.seed) arguments.insert(arguments.end(), {"--seed", std::to_string(*options.seed)});
    if (options.jobs != 0) arguments.insert(arguments.end(), {"-j", std::to_string(options.jobs)});
    return arguments;
}

}  // namespace sim::cli

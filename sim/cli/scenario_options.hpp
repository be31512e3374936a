#pragma once

/// What every command that runs a scenario takes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/testbed/scenario.hpp"

namespace sim::cli {

class Command;

struct ScenarioOptions {
    std::string scenario;
    std::vector<std::string> settings;
    std::optional<std::uint64_t> seed;
    std::uint32_t jobs = 0;  ///< 0: one for each processor
    bool json = false;
    bool verbose = false;

    [[nodiscard]] std::uint32_t parallel() const;
};

void add_scenario_options(Command& command, ScenarioOptions& options);

/// Reads the scenario; prints every problem to standard error where there is one.
[[nodiscard]] std::optional<testbed::Scenario> load_scenario(const ScenarioOptions& options,
                                                             const testbed::Catalogue& catalogue);

/// The options as arguments again, for another build's `chitin`.
[[nodiscard]] std::vector<std::string> as_arguments(const ScenarioOptions& options);

}  // namespace sim::cli

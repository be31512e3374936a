#pragma once

/// The machine check: both machines give each environment the same history.

#include <vector>

#include "sim/cli/scenario_options.hpp"
#include "sim/engine/cell_result.hpp"
#include "sim/testbed/boot/run_bare.hpp"

namespace sim::cli {

/// Runs the scenario on the hosted machine too and compares with the bare machine's results, by
/// environment. Prints `identical: N events`, or the first divergence. Returns the exit code.
[[nodiscard]] int check_machines(const testbed::Scenario& scenario,
                                 const ScenarioOptions& options,
                                 const std::vector<engine::CellResult>& bare,
                                 const testbed::boot::BareOptions& bare_options);

}  // namespace sim::cli

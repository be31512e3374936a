#pragma once

/// One cell for a debugger: what `debug` has in common with the hidden `debug-cell` it starts.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/scenario_options.hpp"
#include "sim/engine/cell_result.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::machine {
class Machine;
}

namespace sim::cli {

class Command;

struct DebugOptions {
    ScenarioOptions scenario;
    std::uint32_t cell = 0;
    std::optional<std::uint64_t> stop_at;  ///< number of a history event, from 0
};

void add_debug_options(Command& command, DebugOptions& options);

/// The options as arguments of `debug-cell`.
[[nodiscard]] std::vector<std::string> as_arguments(const DebugOptions& options);

/// The scenario, of which the chosen cell is there. Nothing, with the reason on standard error.
[[nodiscard]] std::optional<testbed::Scenario> load_cell(const DebugOptions& options);

/// Says on standard error how the cell ended; the exit code.
int report_end(const testbed::Scenario& scenario, const engine::CellResult& result);

/// Tells gdb's commands where the machine is (sim/gdb).
void show_debugger(const machine::Machine& machine);

/// The function that is called at --stop-at, for a breakpoint.
inline constexpr const char* debug_stop_name = "chitin_debug_stop";

}  // namespace sim::cli

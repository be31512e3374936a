#pragma once

/// Cells on the hosted machine, each in a process of its own.

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>

#include "sim/engine/cell_result.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::cli {

struct HostedCells {
    std::uint32_t parallel = 1;
    bool trace_full = false;
    std::uint64_t window_base = 0;  ///< 0: the build's default
    bool keep_disks = false;        ///< what `keep = true` of a disk says holds
};

enum class HostedEnd { complete, interrupted };

/// Runs the cells `chosen`. Errors: the bundle cannot be made.
[[nodiscard]] std::expected<HostedEnd, std::string> run_hosted_cells(
    const testbed::Scenario& scenario, std::span<const std::uint32_t> chosen,
    const HostedCells& options, const std::function<void(const engine::CellResult&)>& on_result);

}  // namespace sim::cli

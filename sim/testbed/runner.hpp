#pragma once

/// The runner: runs cells on the hosted machine, each in a process of its own.
///
/// Why a process a cell: a cell that crashes is one failed cell with a clear error; the rest
/// finishes. Results arrive in the order in which cells end; each says its cell.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/engine/cell_result.hpp"

namespace sim::testbed {

/// Runs one cell of a bundle: the machine, or a test's double.
using RunCell =
    std::function<engine::CellResult(std::span<const std::byte> bundle, std::uint32_t cell)>;

struct RunOptions {
    std::uint32_t parallel = 1;
    RunCell run_cell;
    std::function<void(engine::CellResult)> on_result;
};

/// Runs cells 0..count-1 of `bundle`. `on_result` gets each with CellResult::cell set to
/// `numbers[i]`, its number in the scenario. False: interrupted.
bool run_cells(std::span<const std::byte> bundle, std::span<const std::uint32_t> numbers,
               const RunOptions& options);

}  // namespace sim::testbed

// Cells for hostile tests: a shipped scenario's first cell, run with a look at all memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sim/engine/cell_result.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/scenario.hpp"

namespace tests::adversary {

// Called after an event with all of the pool; its number counts from 1.
using Look = std::function<void(std::uint64_t event, std::span<std::byte> pool)>;

sim::testbed::Machine machine_of(const std::string& scenario, std::uint32_t cell = 0);

// The bundle of one cell of the scenario; `programs` are for the bare machine.
std::vector<std::byte> bundle_of(const std::string& scenario, bool trace_full,
                                 std::span<const sim::testbed::ProgramFile> programs = {},
                                 std::uint32_t cell = 0);

// Runs one cell on the hosted machine.
sim::engine::CellResult run(const std::string& scenario, const Look& look,
                            std::uint32_t cell = 0);

// Runs it with the conservation checker after every `stride`-th event. The first finding, with
// the event's number, or the empty string.
std::string conservation_of(const std::string& scenario, std::uint64_t stride,
                            sim::engine::CellResult& result, std::uint32_t cell = 0);

}  // namespace tests::adversary

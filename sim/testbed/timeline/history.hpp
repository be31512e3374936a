#pragma once

/// A cell's history to be shown: its events, and what its environments are called.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/engine/cell_result.hpp"

namespace sim::testbed::timeline {

struct History {
    std::vector<kernel::abi::Event> events;   ///< of each core in order; times in virtual ns
    std::map<std::uint16_t, std::string> names;  ///< by EnvId, machine-wide
    std::uint32_t cores = 1;

    [[nodiscard]] std::string name_of(kernel::abi::EnvId env) const;
};

/// Of a result that kept its events. Environments that had one EnvId in turn share its name.
[[nodiscard]] History history_of(const engine::CellResult& result, std::uint32_t cores);

[[nodiscard]] constexpr std::uint32_t core_of(kernel::abi::EnvId env) {
    return env.value / kernel::abi::environments_max;
}

}  // namespace sim::testbed::timeline

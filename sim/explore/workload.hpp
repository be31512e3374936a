#pragma once

/// The workload of one cell, made smaller: integer arguments of its environments.

#include <functional>
#include <string>
#include <vector>

#include "sim/testbed/scenario.hpp"

namespace sim::explore {

struct ArgumentChange {
    std::uint32_t environment = 0;  ///< its place in the cell
    std::string name;
    std::string value;
};
using ArgumentChanges = std::vector<ArgumentChange>;

/// Sets the arguments in `cell`. Error: a change that names what is not there.
[[nodiscard]] std::string apply(testbed::Cell& cell, const ArgumentChanges& changes,
                                const testbed::Catalogue& catalogue);

/// Lowers each integer argument as far as `still_fails` holds, towards its least value.
[[nodiscard]] ArgumentChanges shrink_workload(
    const testbed::Scenario& scenario, std::uint32_t cell, const testbed::Catalogue& catalogue,
    const std::function<bool(const testbed::Scenario&)>& still_fails);

}  // namespace sim::explore

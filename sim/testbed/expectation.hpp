#pragma once

/// Expectations: what a scenario says must come out.

#include <string>
#include <vector>

#include "sim/testbed/record.hpp"

namespace sim::testbed {

/// One `file:line:column: expectation not met: ...` for each that fails. An expectation that
/// applies to no result fails too: it would otherwise hold for a misspelt column.
[[nodiscard]] std::vector<std::string> unmet_expectations(const Scenario& scenario,
                                                          const std::vector<Json>& records);

}  // namespace sim::testbed

#pragma once

/// Curves: result lines of a sweep as one figure against another, a line each policy.
///
/// Why: a sweep's question is how a figure moves with a parameter; the table has the numbers, the
/// curve the answer. Cells that differ by seed alone are one point, their mean.

#include <string>
#include <vector>

#include "sim/testbed/record.hpp"

namespace sim::testbed {

/// HTML sections for those of the known curves that have points, or nothing.
[[nodiscard]] std::string curve_sections(const std::vector<Json>& records);

}  // namespace sim::testbed

#pragma once

/// Curves: the plots that a scenario asks for, of the result lines of a sweep.
///
/// Why: a sweep's question is how a figure moves with a parameter; the table has the numbers, the
/// curve the answer. Cells that differ otherwise (by seed alone, say) are one point, their mean.

#include <string>
#include <vector>

#include "sim/testbed/record.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::testbed {

/// An HTML section for each. One that no result line has the columns for says so.
[[nodiscard]] std::string curve_sections(const std::vector<PlotRequest>& plots,
                                         const std::vector<Json>& records);

}  // namespace sim::testbed

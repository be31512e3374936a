#pragma once

/// Core curves: what a sweep over machine.cores found, against the number of cores.
///
/// Why: with cores as an axis the question is how everything scales. Each numeric result of core
/// 0's root environment is a plot, a line for each of the texts in its result lines (as
/// "operation"); and so is the simulation itself: events per second of host time.

#include <string>
#include <vector>

#include "sim/testbed/record.hpp"

namespace sim::testbed {

/// HTML sections, or nothing where the cells have no such axis or one value of it.
[[nodiscard]] std::string core_curve_sections(const std::vector<Json>& records);

}  // namespace sim::testbed

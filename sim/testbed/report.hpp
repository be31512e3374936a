#pragma once

/// The report: one HTML page that needs no network, with plots as inline SVG.

#include <string>
#include <vector>

#include "sim/testbed/record.hpp"

namespace sim::testbed {

[[nodiscard]] std::string make_report(const Scenario& scenario, const std::vector<Json>& records);

}  // namespace sim::testbed

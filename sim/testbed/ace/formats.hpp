#pragma once

/// The file systems that workloads run on, by name.

#include <optional>
#include <string>
#include <string_view>

#include "sim/testbed/ace/line_runner.hpp"

namespace sim::testbed::ace {

using RunLine = LineResult (*)(const Workload& workload, const LineOptions& options);

/// Nothing if there is no such format.
std::optional<RunLine> runner_named(std::string_view format);
/// "cofs ..."
std::string format_names();

}  // namespace sim::testbed::ace

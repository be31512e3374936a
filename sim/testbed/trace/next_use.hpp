#pragma once

/// Next use: for each reference, the position of the next one to the same page.
///
/// Why: Belady's OPT must be told the future, and a replay has it. One backward pass.

#include <cstdint>
#include <limits>
#include <vector>

#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed::trace {

/// The next use of a page that is not referenced again. Equal to libos::policy::never.
inline constexpr std::uint64_t no_next_use = std::numeric_limits<std::uint64_t>::max();

/// One element a reference: the later position, or no_next_use.
[[nodiscard]] std::vector<std::uint64_t> next_uses(const Trace& trace);

}  // namespace sim::testbed::trace

#pragma once

/// What a run's decisions did, for people: after which event each came, and where the environments
/// of all cores were then.

#include <string>

#include "sim/explore/apart.hpp"

namespace sim::explore {

/// Runs it once more, in a process of its own. A paragraph for each of the first `most` decisions.
[[nodiscard]] std::string explain(const Subject& subject, const Decisions& decisions,
                                  std::uint64_t start, std::size_t most);

/// Called as each decision of a replay takes effect: a place for a breakpoint.
void decision_takes_effect(const Decision& decision);

}  // namespace sim::explore

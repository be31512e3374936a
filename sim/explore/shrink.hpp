#pragma once

/// Shrinking: the fewest and smallest decisions, and the least workload, that fail in the same way.
///
/// Decisions are taken away in groups (Zeller and Hildebrandt, Simplifying and Isolating
/// Failure-Inducing Input, IEEE TSE 28(2), 2002: ddmin); then one long stall is tried instead of
/// all, the last decision alone at events nearby, stalls of one core are put together, and each
/// is made smaller. Every candidate is run; nothing is assumed.

#include <cstdint>
#include <functional>
#include <string>

#include "sim/explore/apart.hpp"

namespace sim::explore {

/// Does a run with these decisions fail as the original did?
using StillFails = std::function<bool(const Decisions&)>;

/// The least list found within `runs_max` calls of `fails`. The result fails (if `decisions` did).
[[nodiscard]] Decisions shrink_decisions(Decisions decisions, const StillFails& fails,
                                         std::uint64_t runs_max);

/// Of two texts of failures: the same but for their numbers.
[[nodiscard]] bool same_failure(const RunReport& one, Failure failure, const std::string& text);

}  // namespace sim::explore

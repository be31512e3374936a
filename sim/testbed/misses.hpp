#pragma once

/// Counting misses: one trace, one policy, one capacity, one number.
///
/// Why: it is the experiment behind every miss-ratio curve, and the place where the policies meet
/// the published figures. The count is exact: cold start, every reference counted.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed {

struct MissOptions {
    bool sizes = false;      ///< weigh pages by Trace::weight; capacity is then in bytes
    std::uint64_t seed = 1;  ///< of the policy's random stream
};

/// Misses of `policy` with `capacity` frames (or bytes) over `trace`. Errors: a policy that does
/// not exist (the known ones are listed), sizes asked of a trace that has none, a capacity of 0
/// or above libos::policy::capacity_max.
[[nodiscard]] std::expected<std::uint64_t, std::string> count_misses(const trace::Trace& trace,
                                                                     std::string_view policy,
                                                                     std::uint64_t capacity,
                                                                     const MissOptions& = {});

[[nodiscard]] bool policy_known(std::string_view name);

/// All policies' names, separated by ", ".
[[nodiscard]] std::string known_policies();

}  // namespace sim::testbed

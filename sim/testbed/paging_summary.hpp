#pragma once

/// The paging summary: what the cells of a page-replacement sweep say together.
///
/// Why it is known here: the main question, what a policy loses when it sees only accessed bits,
/// is a comparison across cells (both views, and OPT), which no single result line holds.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/testbed/record.hpp"

namespace sim::testbed {

inline constexpr std::array<std::string_view, 2> paging_views{"references", "accessed-bits"};

/// One policy at one memory size, as one view showed it the references.
struct PagingResult {
    std::uint64_t misses = 0;
    std::uint64_t references = 0;
    std::uint64_t faults = 0;
    std::uint64_t time_ns = 0;
    double host_seconds = 0;
    std::string trace_hash;

    [[nodiscard]] double ratio() const;
};

struct PagingPoint {
    std::string group;   ///< the other axes' values, such as the trace; may be empty
    std::string policy;
    std::uint64_t frames = 0;
    std::string label;   ///< the memory size as the axis names it: "10%"
    std::array<std::optional<PagingResult>, 2> views;  ///< as paging_views
};

/// Empty unless every result line is of a page-replacement replay.
[[nodiscard]] std::vector<PagingPoint> paging_points(const std::vector<Json>& records);

/// Misses of `result` over those of OPT, which sees all references, at the same point.
[[nodiscard]] std::optional<double> distance_to_opt(const std::vector<PagingPoint>& points,
                                                    const PagingPoint& point,
                                                    const PagingResult& result);

}  // namespace sim::testbed

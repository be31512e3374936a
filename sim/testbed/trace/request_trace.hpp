#pragma once

/// Traces of requests to a server: `DUE_NS SIZE_NS` a line, blank lines and `#` comments aside;
/// plain or compressed, as memory traces are.
///
/// Invariants: due_ns ascends; a size is 1 .. request_ns_max.

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed::trace {

struct Request {
    std::uint64_t due_ns = 0;  ///< after the recording's begin
    std::uint64_t size_ns = 0;
};

inline constexpr std::uint64_t request_ns_max = std::uint64_t{1} << 40;  ///< 18 minutes
inline constexpr std::uint64_t due_ns_max = std::uint64_t{1} << 60;      ///< 36 years
inline constexpr std::size_t requests_max = std::size_t{1} << 24;

/// Errors: as ByteSource's; a line that is no request, names the line; none at all.
[[nodiscard]] std::expected<std::vector<Request>, TraceError> read_requests(
    const std::string& path);

}  // namespace sim::testbed::trace

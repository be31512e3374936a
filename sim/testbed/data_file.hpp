#pragma once

/// Data files: traces decoded once, in the form in which programs read them in the boot bundle.
///
///     magic "chtrace1" u64 | references u64 | pages u32 | flags u32
///     page u32[references] (bit 31: a write), padded to 8 bytes
///     flags & 1: next reference to the same page, u32[references], 0xffffffff: never
///
/// Why: a program on the bare machine has neither a decompressor nor a hash table to spare.

#include <expected>
#include <string>

#include "sim/testbed/scenario.hpp"
#include "sim/testbed/trace/request_trace.hpp"
#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed {

inline constexpr std::uint64_t trace_image_magic = 0x3165'6361'7274'6863;  // "chtrace1"
inline constexpr std::uint32_t trace_image_next_use = 1;

/// Errors: more than 2^31 - 1 pages or 2^32 - 2 references.
[[nodiscard]] std::expected<DataFile, std::string> make_data_file(std::string name,
                                                                  const trace::Trace& trace);

/// libos/load/request_image.hpp's format.
[[nodiscard]] DataFile make_request_file(std::string name,
                                         const std::vector<trace::Request>& requests);

}  // namespace sim::testbed

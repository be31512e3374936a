#pragma once

/// The text formats: how each one's line becomes references.
///
/// Each parser is a function of one line. It says whether the line is a record, carries nothing
/// (blank, comment), or is wrong, and then what was expected instead.
///
/// | format        | line                            | page
/// |---------------|---------------------------------|------------------------------------
/// | block_numbers | `4711`; `*` and blanks ignored  | the number
/// | arc_lis       | `start count ignore request`    | start, start + 1, ... count of them
/// | lackey        | `I  04001ef0,3`, ` L`, ` S`, ` M` | address >> 12, both if it crosses
/// | spec_address  | `l 0x1fffff58 1`, `s ...`       | address >> 12

#include <string_view>

#include "sim/testbed/trace/builder.hpp"

namespace sim::testbed::trace {

struct LineResult {
    std::string_view expected;  ///< what a good line looks like; empty if this one was good
    bool full = false;          ///< the trace has become too large
};

/// A .lis record may not claim more blocks than this: 4 GiB of 512-byte blocks in one request.
inline constexpr std::uint64_t lis_count_max = std::uint64_t{1} << 23;

/// No x86 instruction accesses more bytes than this at once (XSAVE areas included).
inline constexpr std::uint64_t access_bytes_max = 16384;

/// Add what `line` says to `builder`. `format` is a text format.
[[nodiscard]] LineResult parse_line(Format format, std::string_view line, Builder& builder);

/// The text format whose records look like `line`; nothing if it carries nothing or fits none.
[[nodiscard]] std::optional<Format> format_of_line(std::string_view line);

/// Whether `line` is one that every text format passes over.
[[nodiscard]] bool carries_nothing(std::string_view line);

}  // namespace sim::testbed::trace

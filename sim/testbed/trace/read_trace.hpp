#pragma once

/// Reading a trace: from a file of any known format and compression to a Trace.
///
/// Start here. The format is taken from the file's name where that says it (.oracleGeneral, .lis),
/// from its content otherwise, and from `ReadOptions::format` before either.

#include <expected>
#include <optional>
#include <string>

#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed::trace {

struct ReadOptions {
    std::optional<Format> format;  ///< nothing: detect it
    bool weights = false;          ///< fill Trace::weight; an error if the format has none
};

/// Read `path` whole. Every error is one line that names the file, the line or byte, what was
/// expected there and what was found.
[[nodiscard]] std::expected<Trace, TraceError> read_trace(const std::string& path,
                                                          const ReadOptions& options = {});

}  // namespace sim::testbed::trace

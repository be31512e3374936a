#pragma once

/// The line reader: a byte source's text, line by line, with the line's number.
///
/// Why: all text formats want lines, and all their errors want the line number.
///
/// Invariant: a returned line is valid until the next call and has no line end (LF or CRLF).
/// A line longer than `line_bytes_max` is an error: no format here has one.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "sim/testbed/trace/byte_source.hpp"

namespace sim::testbed::trace {

class LineReader {
public:
    static constexpr std::size_t line_bytes_max = 4096;

    /// `head`: what was already read from `source`.
    LineReader(ByteSource& source, std::span<const std::byte> head)
        : source_{source}, rest_{reinterpret_cast<const char*>(head.data()), head.size()} {}

    /// The next line; nothing at the end of the text.
    [[nodiscard]] std::expected<std::optional<std::string_view>, TraceError> next();

    /// An error at the line last returned.
    [[nodiscard]] TraceError error(std::string_view expected, std::string_view found) const;

    [[nodiscard]] std::uint64_t line() const { return line_; }

private:
    std::expected<std::optional<std::string_view>, TraceError> next_across_chunks();

    ByteSource& source_;
    std::string_view rest_;  ///< of the current chunk
    std::string carried_;    ///< a line that began in an earlier chunk
    std::uint64_t line_ = 0;
};

/// `text` fit for an error message: at most 40 characters, the unprintable ones as '?', in quotes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace sim::testbed::trace

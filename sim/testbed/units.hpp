#pragma once

/// Units: sizes and durations as people write them, `64 MiB` and `1 ms`.

#include <cstdint>
#include <optional>
#include <string_view>

namespace sim::testbed {

/// `4096`, `64 KiB`, `64MiB`, `1 GiB`: bytes. Nothing where it is neither, or overflows.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// `250 ns`, `10 us`, `1 ms`, `2 s`: nanoseconds.
[[nodiscard]] std::optional<std::uint64_t> parse_duration(std::string_view text);

/// `12.5%`: the fraction 0.125. Nothing unless it is over 0 and at most 1000 %.
[[nodiscard]] std::optional<double> parse_percentage(std::string_view text);

}  // namespace sim::testbed

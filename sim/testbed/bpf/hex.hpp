#pragma once

/// Bytes written as hexadecimal digits, with white space between bytes wherever it is wanted.

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sim::testbed::bpf {

/// Whether `text` holds nothing but hexadecimal digits and white space.
[[nodiscard]] bool only_hex(std::string_view text);

/// Error: one sentence that names the first wrong character by its number, from 1.
[[nodiscard]] std::expected<std::vector<std::byte>, std::string> bytes_of_hex(
    std::string_view text);

[[nodiscard]] std::string hex_of(std::span<const std::byte> bytes);

}  // namespace sim::testbed::bpf

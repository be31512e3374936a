#include "sim/testbed/bpf/hex.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sim::testbed::bpf {

namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string shown(char c) {
    const bool printable = c >= ' ' && c <= '~';
    return printable ? fmt::format("\"{}\"", c)
                     : fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

bool only_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return blank(c) || digit(c) >= 0; });
}

std::expected<std::vector<std::byte>, std::string> bytes_of_hex(std::string_view text) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < text.size();) {
        if (blank(text[i])) {
            ++i;
            continue;
        }
        for (std::size_t k = i; k < i + 2; ++k) {
            const bool ended = k == text.size();
            if (!ended && digit(text[k]) >= 0) continue;
            return std::unexpected(fmt::format(
                "character {}: expected two hexadecimal digits a byte, found {}", k + 1,
                ended ? "the end" : shown(text[k])));
        }
        bytes.push_back(static_cast<std::byte>(digit(text[i]) << 4 | digit(text[i + 1])));
        i += 2;
    }
    return bytes;
}

std::string hex_of(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    }
    return text;
}

}  // namespace sim::testbed::bpf

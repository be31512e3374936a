#include "sim/testbed/trace/text_formats.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace sim::testbed::trace {

namespace {

constexpr std::string_view blanks = " \t";

void skip_blanks(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

/// A number at the front of `text`, taken off. False: none, or beyond 64 bits.
bool take_number(std::string_view& text, std::uint64_t& number, int base = 10) {
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool take_blanks(std::string_view& text) {
    if (text.empty() || blanks.find(text.front()) == std::string_view::npos) return false;
    skip_blanks(text);
    return true;
}

bool at_end(std::string_view text) {
    skip_blanks(text);
    return text.empty();
}

LineResult full_unless(bool added) { return {.expected = {}, .full = !added}; }

LineResult parse_block_number(std::string_view line, Builder& builder) {
    std::uint64_t block = 0;
    skip_blanks(line);
    if (!take_number(line, block) || !at_end(line)) {
        return {.expected = "one block number below 2^64"};
    }
    return full_unless(builder.add(block));
}

bool scan_lis(std::string_view line, std::array<std::uint64_t, 4>& fields) {
    for (std::uint64_t& field : fields) {
        skip_blanks(line);
        if (!take_number(line, field)) return false;
        if (!line.empty() && blanks.find(line.front()) == std::string_view::npos) return false;
    }
    return at_end(line);
}

LineResult parse_lis(std::string_view line, Builder& builder) {
    std::array<std::uint64_t, 4> fields{};
    if (!scan_lis(line, fields)) {
        return {.expected = "four numbers: start, count, ignored, request"};
    }
    const auto [start, count, ignored, request] = fields;
    if (count == 0 || count > lis_count_max) return {.expected = "a count from 1 to 2^23"};
    if (start > std::numeric_limits<std::uint64_t>::max() - count) {
        return {.expected = "blocks below 2^64"};
    }
    for (std::uint64_t block = start; block < start + count; ++block) {
        if (!builder.add(block)) return {.expected = {}, .full = true};
    }
    return {};
}

struct Access {
    std::uint64_t address = 0;
    std::uint64_t size = 1;
    bool write = false;
};

/// "I  ADDR,SIZE", " L ADDR,SIZE", " S ADDR,SIZE", " M ADDR,SIZE"; hexadecimal, decimal.
bool scan_lackey(std::string_view line, Access& access) {
    if (!take_prefix(line, "I  ")) {
        if (line.size() < 3 || line[0] != ' ' || line[2] != ' ') return false;
        if (line[1] != 'L' && line[1] != 'S' && line[1] != 'M') return false;
        access.write = line[1] != 'L';
        line.remove_prefix(3);
    }
    return take_number(line, access.address, 16) && take_prefix(line, ",") &&
           take_number(line, access.size) && at_end(line);
}

LineResult parse_lackey(std::string_view line, Builder& builder) {
    if (line.starts_with("==")) return {};  // valgrind's own messages
    Access access;
    if (!scan_lackey(line, access)) {
        return {.expected = "an access such as \" L 04001ef0,8\" (I, L, S or M)"};
    }
    if (access.size == 0 || access.size > access_bytes_max) {
        return {.expected = "an access of 1 to 16384 bytes"};
    }
    const std::uint64_t last = access.address + (access.size - 1);
    if (last < access.address) return {.expected = "an access that ends below 2^64"};
    for (std::uint64_t page = access.address >> page_shift; page <= last >> page_shift; ++page) {
        if (!builder.add_access(page, access.write)) return {.expected = {}, .full = true};
    }
    return {};
}

bool scan_spec(std::string_view line, Access& access) {
    access.write = line.starts_with('s');
    if (!take_prefix(line, "l") && !take_prefix(line, "s")) return false;
    std::uint64_t instructions = 0;
    return take_blanks(line) && take_prefix(line, "0x") &&
           take_number(line, access.address, 16) && take_blanks(line) &&
           take_number(line, instructions) && at_end(line);
}

LineResult parse_spec(std::string_view line, Builder& builder) {
    Access access;
    if (!scan_spec(line, access)) {
        return {.expected = "an access such as \"l 0x1fffff58 1\" (l or s)"};
    }
    return full_unless(builder.add_access(access.address >> page_shift, access.write));
}

}  // namespace

bool carries_nothing(std::string_view line) {
    skip_blanks(line);
    return line.empty() || (line.front() == '*' && at_end(line.substr(1)));
}

LineResult parse_line(Format format, std::string_view line, Builder& builder) {
    if (carries_nothing(line)) return {};
    switch (format) {
        case Format::block_numbers: return parse_block_number(line, builder);
        case Format::arc_lis: return parse_lis(line, builder);
        case Format::lackey: return parse_lackey(line, builder);
        case Format::spec_address: return parse_spec(line, builder);
        case Format::oracle_general: break;
    }
    return {.expected = "a text format"};
}

std::optional<Format> format_of_line(std::string_view line) {
    if (carries_nothing(line)) return std::nullopt;
    Access access;
    std::array<std::uint64_t, 4> fields{};
    std::uint64_t block = 0;
    if (scan_lackey(line, access)) return Format::lackey;
    if (scan_spec(line, access)) return Format::spec_address;
    if (scan_lis(line, fields)) return Format::arc_lis;
    skip_blanks(line);
    if (take_number(line, block) && at_end(line)) return Format::block_numbers;
    return std::nullopt;
}

}  // namespace sim::testbed::trace

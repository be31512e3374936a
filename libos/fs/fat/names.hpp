#pragma once

/// Names: what a FAT file is called: a long name in UTF-16, and the short one of eight and three.
///
/// Outside names are UTF-8. Case is kept and does not matter: names are compared in simple upper
/// case (Latin, Greek, Cyrillic, Armenian). Short names made here are ASCII; bytes above 127 in
/// foreign ones are read as code page 437.
///
/// Source: Microsoft's FAT specification 1.03, "Long Directory Entries": characters, checksum,
/// basis name and numeric tail.

#include <string_view>

#include "libos/fs/error.hpp"
#include "libos/fs/fat/layout.hpp"

namespace libos::fs::fat {

inline constexpr std::uint32_t name_units_max = 255;
/// A unit takes three bytes of UTF-8 at most (a pair of surrogates four).
inline constexpr std::uint32_t name_bytes_max = name_units_max * 3;

struct LongName {
    std::array<char16_t, name_units_max> units{};
    std::uint32_t length = 0;

    [[nodiscard]] std::u16string_view view() const { return {units.data(), length}; }
};

/// Errors: Error::invalid: empty, no UTF-8, "." or "..", ends in a dot or a space, or has a
/// control character or one of " * / : < > ? \ |; Error::name_too_long.
Result<LongName> parse_name(std::string_view utf8);

/// Whether `utf8` is a name at all: UTF-8, neither empty nor "." nor "..", without '/' and NUL.
[[nodiscard]] bool well_formed(std::string_view utf8);

/// Bytes written to `into`, of at least name_bytes_max. A surrogate without a partner becomes
/// U+FFFD.
std::size_t to_utf8(const LongName& name, std::span<char> into);

/// Whether a directory may show `name`: what is on a disk is not to be trusted.
[[nodiscard]] bool fit_to_show(const LongName& name);

/// Equal but for case.
[[nodiscard]] bool same_name(const LongName& left, const LongName& right);

/// What a short name is shown as; what may not stand in a name as '_'.
[[nodiscard]] LongName shown_name(const Slot& slot);

[[nodiscard]] std::uint8_t checksum(const ShortName& name);

struct ShortForm {
    ShortName name{};
    bool exact = false;      ///< it is the name: no long one is needed
    bool faithful = false;   ///< it differs in case alone: no numeric tail is needed
};
[[nodiscard]] ShortForm short_form(const LongName& name);

inline constexpr std::uint32_t tail_max = 999'999;
/// `basis` with "~number" at the end of its base. `number` is 1..tail_max.
[[nodiscard]] ShortName with_tail(const ShortName& basis, std::uint32_t number);

}  // namespace libos::fs::fat

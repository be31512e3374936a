#pragma once

/// Letters: a capital for a small letter, and what code page 437's upper half means.
///
/// Source: Unicode's simple case mappings, for the scripts named; the rest has no case here.

#include <cstdint>

namespace libos::fs::fat {

/// The simple upper case of `unit`, in Latin (ASCII, Latin-1, Extended-A), Greek, Cyrillic and
/// Armenian.
[[nodiscard]] constexpr char16_t upper(char16_t unit) {
    const auto in = [unit](char16_t first, char16_t last) { return unit >= first && unit <= last; };
    const auto less = [unit](int step) { return static_cast<char16_t>(unit - step); };
    if (unit < 0x80) return in(u'a', u'z') ? less(32) : unit;
    if (in(0xe0, 0xfe)) return unit == 0xf7 ? unit : less(32);
    if (unit == 0xff) return 0x178;
    const bool even_is_upper = in(0x100, 0x12f) || in(0x132, 0x137) || in(0x14a, 0x177) ||
                               in(0x460, 0x481) || in(0x48a, 0x4bf) || in(0x4d0, 0x52f);
    const bool odd_is_upper = in(0x139, 0x148) || in(0x179, 0x17e) || in(0x4c1, 0x4ce);
    if (even_is_upper) return unit % 2 == 1 ? less(1) : unit;
    if (odd_is_upper) return unit % 2 == 0 ? less(1) : unit;
    if (unit == 0x3ac) return 0x386;
    if (in(0x3ad, 0x3af)) return less(37);
    if (unit == 0x3c2) return 0x3a3;
    if (in(0x3b1, 0x3cb)) return less(32);
    if (unit == 0x3cc) return 0x38c;
    if (in(0x3cd, 0x3ce)) return less(63);
    if (in(0x430, 0x44f)) return less(32);
    if (in(0x450, 0x45f)) return less(80);
    if (in(0x561, 0x586)) return less(48);
    return unit;
}

/// The character that `byte` stands for in code page 437.
[[nodiscard]] constexpr char16_t from_code_page(std::uint8_t byte) {
    constexpr const char16_t* upper_half =
        u"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ"
        u"áíóúñÑªº¿⌐¬½¼¡«»"
        u"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
        u"└┴┬├─┼╞╟╚╔╩╦╠═╬╧"
        u"╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
        u"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
    return byte < 0x80 ? byte : upper_half[byte - 0x80];
}

}  // namespace libos::fs::fat

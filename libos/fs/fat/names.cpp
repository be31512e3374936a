#include "libos/fs/fat/names.hpp"

#include "libos/fs/fat/letters.hpp"

namespace libos::fs::fat {

namespace {

constexpr std::string_view not_in_names = "\"*/:<>?\\|";
constexpr std::string_view also_in_short_names = "$%'-_@~`!(){}^#&";

bool among(char32_t point, std::string_view characters) {
    for (const char one : characters) {
        if (point == static_cast<char32_t>(one)) return true;
    }
    return false;
}

bool allowed(char32_t point) {
    return point >= 0x20 && (point > 0x7f || !among(point, not_in_names));
}

bool surrogate(char16_t unit) { return unit >= 0xd800 && unit < 0xe000; }

/// Takes one code point from the front of `text`. False: it is no UTF-8.
bool take_point(std::string_view& text, char32_t& point) {
    const auto lead = static_cast<std::uint8_t>(text.front());
    const unsigned more = lead < 0x80 ? 0 : lead < 0xc2 ? 4 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead > 0xf4 || more >= text.size() || more == 4) return false;
    constexpr std::uint8_t lead_bits[] = {0x7f, 0x1f, 0x0f, 0x07};
    constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
    point = lead & lead_bits[more];
    for (unsigned i = 1; i <= more; ++i) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        if ((byte & 0xc0) != 0x80) return false;
        point = point << 6 | (byte & 0x3f);
    }
    text.remove_prefix(more + 1);
    return point >= least[more] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

bool append(LongName& name, char32_t point) {
    const std::uint32_t needed = point > 0xffff ? 2 : 1;
    if (name.length + needed > name_units_max) return false;
    if (needed == 1) {
        name.units[name.length++] = static_cast<char16_t>(point);
    } else {
        name.units[name.length++] = static_cast<char16_t>(0xd7c0 + (point >> 10));
        name.units[name.length++] = static_cast<char16_t>(0xdc00 + (point & 0x3ff));
    }
    return true;
}

std::size_t put_utf8(char32_t point, char* into) {
    if (point < 0x80) {
        into[0] = static_cast<char>(point);
        return 1;
    }
    const unsigned more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr std::uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    into[0] = static_cast<char>(lead[more] | point >> 6 * more);
    for (unsigned i = 1; i <= more; ++i) {
        into[i] = static_cast<char>(0x80 | (point >> 6 * (more - i) & 0x3f));
    }
    return more + 1;
}

}  // namespace

Result<LongName> parse_name(std::string_view utf8) {
    LongName name;
    if (utf8.empty() || utf8.ends_with('.') || utf8.ends_with(' ')) return error(Error::invalid);
    while (!utf8.empty()) {
        char32_t point = 0;
        if (!take_point(utf8, point) || !allowed(point)) return error(Error::invalid);
        if (!append(name, point)) return error(Error::name_too_long);
    }
    return name;
}

bool well_formed(std::string_view utf8) {
    if (utf8.empty() || utf8 == "." || utf8 == "..") return false;
    while (!utf8.empty()) {
        char32_t point = 0;
        if (!take_point(utf8, point) || point == 0 || point == U'/') return false;
    }
    return true;
}

std::size_t to_utf8(const LongName& name, std::span<char> into) {
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < name.length; ++i) {
        char32_t point = name.units[i];
        const bool paired = point >= 0xd800 && point < 0xdc00 && i + 1 < name.length &&
                            (name.units[i + 1] & 0xfc00) == 0xdc00;
        if (paired) {
            point = 0x10000 + ((point & 0x3ff) << 10) + (name.units[++i] & 0x3ff);
        } else if (surrogate(static_cast<char16_t>(point))) {
            point = 0xfffd;
        }
        size += put_utf8(point, into.data() + size);
    }
    return size;
}

bool fit_to_show(const LongName& name) {
    if (name.length == 0) return false;
    for (const char16_t unit : name.view()) {
        if (!allowed(unit)) return false;
    }
    return name.view() != u"." && name.view() != u"..";
}

bool same_name(const LongName& left, const LongName& right) {
    if (left.length != right.length) return false;
    for (std::uint32_t i = 0; i < left.length; ++i) {
        const char16_t a = left.units[i];
        const char16_t b = right.units[i];
        if (a != b && upper(a) != upper(b)) return false;
    }
    return true;
}

namespace {

void append_part(LongName& name, std::span<const std::uint8_t> part, bool lower) {
    std::size_t length = part.size();
    while (length > 0 && part[length - 1] == ' ') --length;
    for (std::size_t i = 0; i < length; ++i) {
        std::uint8_t byte = part[i];
        if (lower && byte >= 'A' && byte <= 'Z') byte = static_cast<std::uint8_t>(byte + 32);
        const char16_t unit = from_code_page(byte);
        name.units[name.length++] = allowed(unit) ? unit : u'_';
    }
}

}  // namespace

LongName shown_name(const Slot& slot) {
    LongName name;
    ShortName bytes = slot.name;
    if (bytes[0] == Slot::escaped_e5) bytes[0] = Slot::erased;
    const std::span all{bytes};
    append_part(name, all.first(8), (slot.letters & Slot::lower_base) != 0);
    name.units[name.length++] = u'.';
    append_part(name, all.subspan(8), (slot.letters & Slot::lower_extension) != 0);
    if (name.units[name.length - 1] == u'.') --name.length;
    return name;
}

std::uint8_t checksum(const ShortName& name) {
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : name) {
        sum = static_cast<std::uint8_t>((sum << 7 | sum >> 1) + byte);
    }
    return sum;
}

namespace {

/// Puts the characters of `text` that a short name has room for at `first`..`last`.
void fill(ShortForm& form, std::u16string_view text, std::size_t first, std::size_t last) {
    std::size_t at = first;
    for (const char16_t unit : text) {
        if (unit == u' ' || unit == u'.') {
            form.faithful = false;
            continue;
        }
        if (at == last) {
            form.faithful = false;
            return;
        }
        const bool lower = unit >= u'a' && unit <= u'z';
        const char16_t capital = lower ? static_cast<char16_t>(unit - 32) : unit;
        const bool plain = (capital >= u'A' && capital <= u'Z') ||
                           (capital >= u'0' && capital <= u'9') ||
                           among(capital, also_in_short_names);
        form.exact = form.exact && !lower;
        form.faithful = form.faithful && plain;
        form.name[at++] = plain ? static_cast<std::uint8_t>(capital) : '_';
    }
}

}  // namespace

ShortForm short_form(const LongName& name) {
    ShortForm form{.name = {}, .exact = true, .faithful = true};
    form.name.fill(' ');
    std::u16string_view text = name.view();
    while (!text.empty() && (text.front() == u'.' || text.front() == u' ')) {
        text.remove_prefix(1);
        form.faithful = false;
    }
    const std::size_t dot = text.rfind(u'.');
    const bool dotted = dot != std::u16string_view::npos;
    fill(form, {text.data(), dotted ? dot : text.size()}, 0, 8);
    if (dotted) fill(form, {text.data() + dot + 1, text.size() - dot - 1}, 8, 11);
    form.exact = form.exact && form.faithful;
    return form;
}

ShortName with_tail(const ShortName& basis, std::uint32_t number) {
    ShortName name = basis;
    std::uint8_t digits[6];
    std::size_t count = 0;
    for (; number > 0; number /= 10) digits[count++] = static_cast<std::uint8_t>('0' + number % 10);
    std::size_t at = 0;
    while (at < 8 - count - 1 && basis[at] != ' ') ++at;
    name[at++] = '~';
    while (count > 0) name[at++] = digits[--count];
    return name;
}

}  // namespace libos::fs::fat

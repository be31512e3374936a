#include "sim/testbed/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace sim::testbed {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 5> byte_units{{{"", 1},
                                          {"B", 1},
                                          {"KiB", std::uint64_t{1} << 10},
                                          {"MiB", std::uint64_t{1} << 20},
                                          {"GiB", std::uint64_t{1} << 30}}};
constexpr std::array<Unit, 4> time_units{
    {{"ns", 1}, {"us", 1000}, {"ms", 1'000'000}, {"s", 1'000'000'000}}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
    std::uint64_t number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc{}) return std::nullopt;
    std::string_view rest{end, static_cast<std::size_t>(last - end)};
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    for (const Unit& unit : units) {
        if (unit.name != rest) continue;
        if (number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    return parse(text, byte_units);
}

std::optional<std::uint64_t> parse_duration(std::string_view text) {
    return parse(text, time_units);
}

std::optional<double> parse_percentage(std::string_view text) {
    constexpr double percent_max = 1000;
    if (!text.ends_with('%')) return std::nullopt;
    text.remove_suffix(1);
    double number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc{} || end != last) return std::nullopt;
    if (!(number > 0) || number > percent_max) return std::nullopt;
    return number / 100;
}

}  // namespace sim::testbed

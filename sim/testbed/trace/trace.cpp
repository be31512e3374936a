#include "sim/testbed/trace/trace.hpp"

#include <array>
#include <utility>

namespace sim::testbed::trace {

namespace {

constexpr std::array<std::pair<Format, std::string_view>, 5> formats{{
    {Format::oracle_general, "oracleGeneral"},
    {Format::block_numbers, "numbers"},
    {Format::arc_lis, "lis"},
    {Format::lackey, "lackey"},
    {Format::spec_address, "address"},
}};

}  // namespace

std::string_view name(Format format) {
    for (const auto& [known, known_name] : formats) {
        if (known == format) return known_name;
    }
    return "unknown";
}

std::optional<Format> format_named(std::string_view name) {
    for (const auto& [known, known_name] : formats) {
        if (known_name == name) return known;
    }
    return std::nullopt;
}

std::string format_names() {
    std::string all;
    for (const auto& [known, known_name] : formats) {
        if (!all.empty()) all += ", ";
        all += known_name;
    }
    return all;
}

bool has_sizes(Format format) { return format == Format::oracle_general; }

}  // namespace sim::testbed::trace

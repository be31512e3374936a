#include "sim/testbed/toml_view.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "kernel/abi/types.hpp"
#include "sim/testbed/units.hpp"

namespace sim::testbed {

Place TomlView::place(const toml::source_region& source) const {
    // A node without a place was not in the file: an option put it there.
    if (source.begin.line == 0) return {"--set", 0, 0};
    return {file_, source.begin.line, source.begin.column};
}

void TomlView::error(const toml::node& node, std::string message) const {
    problems_.add(place(node), std::move(message));
}

void TomlView::error_at(Place place, std::string message) const {
    problems_.add(std::move(place), std::move(message));
}

void TomlView::wrong_type(const toml::node& node, std::string_view key,
                          std::string_view expected) const {
    error(node, fmt::format("\"{}\" is {}, expected {}", key, type_name(node), expected));
}

void TomlView::check_keys(const toml::table& table, std::string_view where,
                          std::initializer_list<std::string_view> known) const {
    const std::vector<std::string_view> names(known);
    for (const auto& [key, node] : table) {
        if (std::ranges::find(names, key.str()) != names.end()) continue;
        problems_.add(place(key.source()), fmt::format("unknown key \"{}\" in {}{}", key.str(),
                                                       where, suggestion(key.str(), names)));
    }
}

std::optional<std::int64_t> TomlView::integer(const toml::table& table, std::string_view key,
                                              std::int64_t minimum, std::int64_t maximum) const {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const auto* const value = node->as_integer();
    if (value == nullptr) {
        wrong_type(*node, key, "an integer");
        return std::nullopt;
    }
    if (value->get() < minimum || value->get() > maximum) {
        error(*node, fmt::format("\"{}\" is {}, expected {}..{}", key, value->get(), minimum,
                                 maximum));
        return std::nullopt;
    }
    return value->get();
}

std::optional<std::string> TomlView::text(const toml::table& table, std::string_view key) const {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* const value = node->as_string()) return value->get();
    wrong_type(*node, key, "text in quotes");
    return std::nullopt;
}

std::optional<double> TomlView::number(const toml::table& table, std::string_view key) const {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return std::nullopt;
    if (node->is_number()) return node->value<double>();
    wrong_type(*node, key, "a number");
    return std::nullopt;
}

std::optional<std::uint32_t> TomlView::frames(const toml::node& node, std::string_view key,
                                              std::uint64_t minimum, std::uint64_t maximum) const {
    std::optional<std::uint64_t> count;
    if (const auto* const pages = node.as_integer()) {
        if (pages->get() >= 0) count = static_cast<std::uint64_t>(pages->get());
    } else if (const auto* const text = node.as_string()) {
        const auto bytes = parse_bytes(text->get());
        if (bytes && *bytes % kernel::abi::page_size == 0) {
            count = *bytes / kernel::abi::page_size;
        } else {
            error(node, fmt::format("\"{}\" is \"{}\", expected whole pages of 4 KiB, such as "
                                    "\"64 MiB\" or 16384", key, text->get()));
            return std::nullopt;
        }
    } else {
        wrong_type(node, key, "a number of pages or a size such as \"64 MiB\"");
        return std::nullopt;
    }
    if (!count || *count < minimum || *count > maximum) {
        error(node, fmt::format("\"{}\" is {} pages, expected {}..{}", key,
                                count ? fmt::to_string(*count) : "a negative number of", minimum,
                                maximum));
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(*count);
}

std::optional<std::uint64_t> TomlView::duration(const toml::node& node,
                                                std::string_view key) const {
    std::optional<std::uint64_t> ns;
    if (const auto* const number = node.as_integer()) {
        if (number->get() > 0) ns = static_cast<std::uint64_t>(number->get());
    } else if (const auto* const text = node.as_string()) {
        ns = parse_duration(text->get());
    } else {
        wrong_type(node, key, "nanoseconds or a duration such as \"1 ms\"");
        return std::nullopt;
    }
    if (ns && *ns > 0) return ns;
    error(node, fmt::format("\"{}\" is no duration over 0, expected nanoseconds or text such as "
                            "\"1 ms\"", key));
    return std::nullopt;
}

const toml::table* TomlView::table(const toml::table& parent, std::string_view key) const {
    const toml::node* const node = parent.get(key);
    if (node == nullptr) return nullptr;
    if (const toml::table* const table = node->as_table()) return table;
    wrong_type(*node, key, "a table");
    return nullptr;
}

const toml::array* TomlView::array(const toml::table& parent, std::string_view key) const {
    const toml::node* const node = parent.get(key);
    if (node == nullptr) return nullptr;
    if (const toml::array* const array = node->as_array()) return array;
    wrong_type(*node, key, "an array");
    return nullptr;
}

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::string: return "text";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a fraction";
        case toml::node_type::boolean: return "a boolean";
        default: return "a date or time";
    }
}

std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto* const text = node.as_string()) return text->get();
    if (const auto* const number = node.as_integer()) return std::to_string(number->get());
    if (const auto* const number = node.as_floating_point()) {
        return fmt::to_string(number->get());
    }
    if (const auto* const flag = node.as_boolean()) return flag->get() ? "true" : "false";
    return std::nullopt;
}

}  // namespace sim::testbed

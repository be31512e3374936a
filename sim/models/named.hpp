// Named: one of the profiles of a model, by the name that a scenario uses.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sim::models {

template <class Values>
struct Named {
    std::string_view name;
    std::string_view source;  // where its figures come from, in one line
    Values values;
};

template <class Values>
constexpr std::optional<Values> find(std::span<const Named<Values>> all, std::string_view name) {
    for (const Named<Values>& each : all) {
        if (each.name == name) return each.values;
    }
    return std::nullopt;
}

}  // namespace sim::models

// Cost profiles: named prices of what a kernel does, in virtual nanoseconds.
//
// A profile is a model, and its figures' sources are stated: a result that hangs on them is a
// result about them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernel/abi/bundle.hpp"

namespace sim::models {

struct NamedProfile {
    std::string_view name;
    std::string_view source;  // where its figures come from, in one line
    kernel::abi::CostProfile costs;
};

std::span<const NamedProfile> cost_profiles();
std::optional<kernel::abi::CostProfile> cost_profile(std::string_view name);

}  // namespace sim::models

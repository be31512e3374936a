// Cost profiles: named prices of what a kernel does, in virtual nanoseconds.
//
// A profile is a model, and its figures' sources are stated: a result that hangs on them is a
// result about them.
#pragma once

#include "kernel/abi/bundle.hpp"
#include "sim/models/named.hpp"

namespace sim::models {

std::span<const Named<kernel::abi::CostProfile>> cost_profiles();
std::optional<kernel::abi::CostProfile> cost_profile(std::string_view name);

}  // namespace sim::models

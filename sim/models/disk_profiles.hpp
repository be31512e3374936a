// Disk profiles: named service times of disks (kernel::abi::ServiceProfile).
//
// A profile is a model of a drive, from its maker's figures: a result that hangs on it is a result
// about them. What no maker states is said to be assumed.
#pragma once

#include "kernel/abi/bundle.hpp"
#include "sim/models/named.hpp"

namespace sim::models {

std::span<const Named<kernel::abi::ServiceProfile>> disk_profiles();
std::optional<kernel::abi::ServiceProfile> disk_profile(std::string_view name);

}  // namespace sim::models

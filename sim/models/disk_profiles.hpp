// Disk profiles: named service times of disks (kernel::abi::ServiceProfile).
//
// A profile is a model of a drive, from its maker's figures: a result that hangs on it is a result
// about them. What no maker states is said to be assumed.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernel/abi/bundle.hpp"

namespace sim::models {

struct NamedDiskProfile {
    std::string_view name;
    std::string_view source;  // where its figures come from, in one line
    kernel::abi::ServiceProfile service;
};

std::span<const NamedDiskProfile> disk_profiles();
std::optional<kernel::abi::ServiceProfile> disk_profile(std::string_view name);

}  // namespace sim::models

// Listing: a sequence as people read it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tests::fuzz {

// One line for the plan and one a step.
std::string listing_of(std::span<const std::uint8_t> sequence);

}  // namespace tests::fuzz

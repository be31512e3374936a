#pragma once

/// The version of Chitin.

#include <string_view>

namespace sim::cli {

inline constexpr std::string_view version = "0.1";

}  // namespace sim::cli

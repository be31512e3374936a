#pragma once

/// The catalogue: what this build of Chitin offers to scenarios.

#include "sim/testbed/scenario.hpp"

namespace sim::cli {

[[nodiscard]] testbed::Catalogue make_catalogue();

}  // namespace sim::cli

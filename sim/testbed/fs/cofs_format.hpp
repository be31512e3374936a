#pragma once

/// cofs for the tools.

#include "sim/testbed/fs/format.hpp"

namespace sim::testbed::fs {

[[nodiscard]] Format cofs_format();

}  // namespace sim::testbed::fs

#pragma once

/// log for the tools.

#include "sim/testbed/fs/format.hpp"

namespace sim::testbed::fs {

[[nodiscard]] Format log_format();

}  // namespace sim::testbed::fs

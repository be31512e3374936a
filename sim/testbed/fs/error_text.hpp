#pragma once

/// A file system's errors in words.

#include <string>

#include "libos/fs/error.hpp"

namespace sim::testbed::fs {

/// "No space left on device".
[[nodiscard]] std::string text(libos::fs::Error error);

}  // namespace sim::testbed::fs

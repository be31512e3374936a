#pragma once

/// What the host's kernel asks for, answered by a Volume: libfuse's table of calls, whose private
/// data is that Volume. Each returns 0 or a number of bytes, or an error's number, negative.

#define FUSE_USE_VERSION 35
#include <fuse.h>

namespace sim::testbed::fs::fuse {

[[nodiscard]] fuse_operations operations();

}  // namespace sim::testbed::fs::fuse

#pragma once

/// Runs in a process of their own: a kernel that asserts, or is killed by a sanitizer, takes its
/// process with it, and what it had decided must be known all the same.

#include <cstdint>
#include <functional>
#include <memory>

#include "sim/explore/run.hpp"

namespace sim::explore {

using MakeChooser = std::function<std::unique_ptr<Chooser>()>;

/// As run(), in a child process; one that dies is Failure::crash with what it said.
[[nodiscard]] RunReport run_apart(const Subject& subject, const MakeChooser& make,
                                  std::uint64_t start);

}  // namespace sim::explore

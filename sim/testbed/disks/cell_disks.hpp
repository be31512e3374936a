#pragma once

/// Cell disks: a scenario's [[disk]] tables as either machine is given them.
///
/// Each call gives contents of its own: what one cell writes no other finds, but in a file that is
/// kept.

#include <expected>
#include <string>
#include <vector>

#include "sim/machine/disk/bus.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::testbed::disks {

/// Whether `keep = true` of a disk holds. Only a run whose results are asked for itself writes into
/// files; one that compares, searches or looks leaves them as they are.
enum class Keeping { as_said, never };

/// Error: an image that cannot be opened any more, or is in use, by name.
[[nodiscard]] std::expected<std::vector<machine::disk::DiskSpec>, std::string> hosted_disks(
    const Machine& machine, Keeping keeping);

[[nodiscard]] std::vector<boot::BareDisk> bare_disks(const Machine& machine, Keeping keeping);

}  // namespace sim::testbed::disks

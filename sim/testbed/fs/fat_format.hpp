#pragma once

/// FAT for the tools: "fat" chooses by size, "fat12", "fat16" and "fat32" do not.

#include "sim/testbed/fs/format.hpp"

namespace sim::testbed::fs {

[[nodiscard]] Format fat_format();

}  // namespace sim::testbed::fs

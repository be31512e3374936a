// Disks: proves that a disk's parts agree (kernel/disk/disk.hpp).
//
// - Its extents are in the order of their blocks, overlap nowhere and end within the disk.
// - What waits is what the rings' environments have submitted and the kernel has not taken; what is
//   served fits the channels, and was taken and not answered.
// - Of one environment the registry has a block once, and not more than its share of blocks.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "kernel/abi/types.hpp"

namespace sim::checkers {

// `pool`: as for verify_conservation; `object`: of a disk, whose frames lie in it. Empty: they do.
std::string verify_disk(std::span<const std::byte> pool, kernel::abi::FrameNumber object);

}  // namespace sim::checkers

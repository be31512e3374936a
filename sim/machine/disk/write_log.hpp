#pragma once

/// WriteLog: told of all that a disk is asked to write and to flush, in order.
///
/// Why before the cache: what a power failure may leave is any part of it since the last flush.

#include <cstdint>

#include "sim/machine/disk/disk_image.hpp"

namespace sim::machine::disk {

class WriteLog {
public:
    virtual ~WriteLog() = default;

    virtual void wrote(std::uint64_t block, ConstBlockView bytes) = 0;
    virtual void flushed() = 0;
};

}  // namespace sim::machine::disk

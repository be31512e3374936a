// A part of a bundle: the same blob, with only some neighbouring cells.
//
// Why: a virtual machine runs a bundle's cells one after another; several machines at once, or
// a machine started anew behind a cell that failed, each get a part. Only the header changes,
// so data keep their physical names and histories do not depend on the division.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kernel/abi/bundle.hpp"

namespace sim::testbed::boot {

struct CellRange {
    std::uint32_t first;
    std::uint32_t count;
};

// The checked bundle's header (kernel::bundle_check has accepted it).
kernel::abi::BundleHeader header_of(std::span<const std::byte> bundle);
kernel::abi::CellRecord cell_of(std::span<const std::byte> bundle, std::uint32_t cell);

// Writes the bundle with the cells of `part` to `path`. False: it cannot be written.
bool write_part(std::span<const std::byte> bundle, CellRange part, const std::string& path);

// RAM, in MiB, that the bare machine needs for the bundle: what lies below the pool, the
// largest pool, the bundle and its tables, rings, disks, cores, and room for the firmware.
std::uint64_t memory_mib(std::span<const std::byte> bundle);
// The cores of the cell that has most, and the disks.
std::uint32_t cores_most(std::span<const std::byte> bundle);
std::uint32_t disks_most(std::span<const std::byte> bundle);

}  // namespace sim::testbed::boot

#pragma once

/// Format: an empty FAT volume on a device.
///
/// What is not asked for is chosen by size: FAT12 below 16 MiB, FAT16 below 512 MiB, FAT32 from
/// there on; the smallest cluster with which that type can count the device's clusters, for FAT32
/// at least Microsoft's table (4 KiB from 260 MiB, 8 KiB from 8 GiB, 16 from 16, 32 from 32).
/// Data clusters are not zeroed.

#include <string_view>

#include "libos/fs/cache/blocks.hpp"
#include "libos/fs/fat/geometry.hpp"

namespace libos::fs::fat {

struct FormatOptions {
    std::uint32_t type = 0;           ///< 12, 16 or 32; 0: by size
    std::uint32_t cluster_bytes = 0;  ///< a power of two, 512..65536; 0: by size
    std::uint32_t sector_bytes = 512; ///< a power of two, 512..4096
    std::uint32_t serial = 0;         ///< the volume's number
    std::string_view label{};         ///< at most 11 characters, made capitals
};

/// Error::invalid: an option that no volume can have, or that does not go with the device's size
/// (a type that cannot count so few or so many clusters); Error::no_space: no room for a volume.
/// The device is not written to then.
Result<Geometry> format(cache::Blocks blocks, const FormatOptions& options);

}  // namespace libos::fs::fat

#pragma once

/// Geometry: where a FAT volume's parts lie, as its boot sector says, once that is believed.
///
///   | reserved sectors | FAT 0 | FAT 1 | fixed root (12, 16) | clusters 2, 3, ... |
///
/// Invariants after read(): every part lies within the volume, the volume within the device; each
/// FAT has an entry for every cluster; sizes are powers of two within the format's bounds.
/// Source: Microsoft's FAT specification 1.03, "Boot Sector and BPB".

#include "libos/fs/error.hpp"
#include "libos/fs/fat/layout.hpp"

namespace libos::fs::fat {

struct Geometry {
    Type type = Type::fat12;
    std::uint32_t sector_bytes = 0;
    std::uint32_t cluster_bytes = 0;
    std::uint32_t fats = 0;
    std::uint64_t sectors = 0;          ///< of the whole volume
    std::uint64_t fat_start = 0;        ///< bytes from the volume's beginning; so are the next
    std::uint64_t fat_bytes = 0;
    std::uint64_t root_start = 0;       ///< the fixed root directory; its slots: root_slots
    std::uint64_t data_start = 0;       ///< cluster 2
    std::uint32_t root_slots = 0;       ///< 0 on FAT32
    Cluster root_cluster = no_cluster;  ///< FAT32 only
    std::uint32_t clusters = 0;         ///< numbered from 2
    std::uint64_t info_start = 0;       ///< FAT32's information sector; 0: none
    std::uint64_t backup_start = 0;     ///< FAT32's copy of the boot sector; 0: none
    std::uint32_t active_fat = 0;       ///< the one that counts
    bool mirrored = true;               ///< all FATs are kept equal
    std::uint8_t media = 0;

    /// From a boot sector of boot_bytes on a device of `device_bytes`. Error::corrupt: it breaks
    /// a rule, or is none at all.
    static Result<Geometry> read(std::span<const std::byte> sector, std::uint64_t device_bytes);

    [[nodiscard]] bool holds(Cluster cluster) const {
        return cluster >= cluster_first && cluster - cluster_first < clusters;
    }
    /// The cluster's first byte. `cluster` is one that the volume holds.
    [[nodiscard]] std::uint64_t start_of(Cluster cluster) const {
        return data_start + std::uint64_t{cluster - cluster_first} * cluster_bytes;
    }
    [[nodiscard]] std::uint64_t end() const {
        return data_start + std::uint64_t{clusters} * cluster_bytes;
    }
    [[nodiscard]] std::size_t state_offset() const {
        return type == Type::fat32 ? boot::state32 : boot::state16;
    }
};

}  // namespace libos::fs::fat

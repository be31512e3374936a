#include "libos/fs/fat/geometry.hpp"

namespace libos::fs::fat {

namespace {

bool power_of_two(std::uint32_t value, std::uint32_t least, std::uint32_t most) {
    return value >= least && value <= most && (value & (value - 1)) == 0;
}

bool plausible(std::span<const std::byte> sector) {
    const auto media = load<std::uint8_t>(sector, boot::media);
    return load<std::uint16_t>(sector, boot::signature) == boot::signature_value &&
           power_of_two(load<std::uint16_t>(sector, boot::sector_bytes), 512, 4096) &&
           power_of_two(load<std::uint8_t>(sector, boot::cluster_sectors), 1, 128) &&
           load<std::uint16_t>(sector, boot::reserved_sectors) != 0 &&
           load<std::uint8_t>(sector, boot::fats) != 0 && (media == 0xf0 || media >= 0xf8);
}

Type type_of(bool large_fat, std::uint32_t clusters) {
    if (large_fat) return Type::fat32;
    return clusters > fat12_clusters_max ? Type::fat16 : Type::fat12;
}

/// What only FAT32's boot sector says.
bool read_fat32(std::span<const std::byte> sector, std::uint32_t reserved, Geometry& geometry) {
    const auto flags = load<std::uint16_t>(sector, boot::flags32);
    geometry.mirrored = (flags & 0x80) == 0;
    geometry.active_fat = geometry.mirrored ? 0 : flags & 0x0f;
    geometry.root_cluster = load<std::uint32_t>(sector, boot::root_cluster);
    const std::uint32_t info = load<std::uint16_t>(sector, boot::info_sector);
    const std::uint32_t backup = load<std::uint16_t>(sector, boot::backup_sector);
    if (info != 0 && info < reserved) {
        geometry.info_start = std::uint64_t{info} * geometry.sector_bytes;
    }
    if (backup != 0 && backup < reserved) {
        geometry.backup_start = std::uint64_t{backup} * geometry.sector_bytes;
    }
    return load<std::uint16_t>(sector, boot::version32) == 0 && geometry.root_slots == 0 &&
           geometry.active_fat < geometry.fats && geometry.holds(geometry.root_cluster);
}

bool fat_large_enough(const Geometry& geometry) {
    const std::uint64_t entries = std::uint64_t{geometry.clusters} + 2;
    const auto bits = static_cast<std::uint64_t>(geometry.type);
    return (entries * bits + 7) / 8 <= geometry.fat_bytes;
}

}  // namespace

Result<Geometry> Geometry::read(std::span<const std::byte> sector, std::uint64_t device_bytes) {
    if (sector.size() < boot_bytes || !plausible(sector)) return error(Error::corrupt);
    Geometry geometry;
    geometry.media = load<std::uint8_t>(sector, boot::media);
    geometry.sector_bytes = load<std::uint16_t>(sector, boot::sector_bytes);
    geometry.cluster_bytes =
        load<std::uint8_t>(sector, boot::cluster_sectors) * geometry.sector_bytes;
    geometry.fats = load<std::uint8_t>(sector, boot::fats);
    geometry.root_slots = load<std::uint16_t>(sector, boot::root_slots);
    geometry.sectors = load<std::uint16_t>(sector, boot::sectors16);
    if (geometry.sectors == 0) geometry.sectors = load<std::uint32_t>(sector, boot::sectors32);
    const std::uint32_t fat_sectors16 = load<std::uint16_t>(sector, boot::fat_sectors16);
    const bool large = fat_sectors16 == 0;
    const std::uint64_t fat_sectors =
        large ? load<std::uint32_t>(sector, boot::fat_sectors32) : fat_sectors16;
    if (geometry.sectors * geometry.sector_bytes > device_bytes || fat_sectors == 0) {
        return error(Error::corrupt);
    }
    const std::uint32_t reserved = load<std::uint16_t>(sector, boot::reserved_sectors);
    const std::uint64_t root_sectors =
        (geometry.root_slots * slot_bytes + geometry.sector_bytes - 1) / geometry.sector_bytes;
    const std::uint64_t before = reserved + geometry.fats * fat_sectors + root_sectors;
    if (before >= geometry.sectors) return error(Error::corrupt);
    geometry.fat_start = std::uint64_t{reserved} * geometry.sector_bytes;
    geometry.fat_bytes = fat_sectors * geometry.sector_bytes;
    geometry.root_start = geometry.fat_start + geometry.fats * geometry.fat_bytes;
    geometry.data_start = before * geometry.sector_bytes;
    const std::uint64_t clusters =
        (geometry.sectors - before) * geometry.sector_bytes / geometry.cluster_bytes;
    const std::uint32_t clusters_max = large ? fat32_clusters_max : fat16_clusters_max;
    if (clusters == 0 || clusters > clusters_max) return error(Error::corrupt);
    geometry.clusters = static_cast<std::uint32_t>(clusters);
    geometry.type = type_of(large, geometry.clusters);
    const bool good = large ? read_fat32(sector, reserved, geometry) : geometry.root_slots != 0;
    if (!good || !fat_large_enough(geometry)) return error(Error::corrupt);
    return geometry;
}

}  // namespace libos::fs::fat

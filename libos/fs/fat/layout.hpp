#pragma once

/// What FAT puts on a disk: the boot sector's fields, a directory's slots.
///
/// Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03 (2000), and its appendix on
/// long names; in the standard's words where they exist: ECMA-107. All numbers little endian.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace libos::fs::fat {

static_assert(std::endian::native == std::endian::little, "fields are copied as they are");

/// A cluster's number: data begins at 2. 0 names none, or the fixed root directory.
using Cluster = std::uint32_t;
inline constexpr Cluster no_cluster = 0;
inline constexpr Cluster cluster_first = 2;

enum class Type : std::uint8_t { fat12 = 12, fat16 = 16, fat32 = 32 };

/// Below so many clusters a volume is FAT12, or FAT16 (the specification's rule, exact).
inline constexpr std::uint32_t fat12_clusters_max = 4084;
inline constexpr std::uint32_t fat16_clusters_max = 65524;
inline constexpr std::uint32_t fat32_clusters_max = 0x0fff'fff5;

inline constexpr std::uint64_t file_bytes_max = 0xffff'ffff;
inline constexpr std::uint32_t slot_bytes = 32;
/// A directory's slots: two MiB of them at most.
inline constexpr std::uint32_t directory_slots_max = 65536;
inline constexpr std::uint32_t boot_bytes = 512;

/// Offsets in the boot sector.
namespace boot {
inline constexpr std::size_t jump = 0, oem = 3, sector_bytes = 11, cluster_sectors = 13,
                             reserved_sectors = 14, fats = 16, root_slots = 17, sectors16 = 19,
                             media = 21, fat_sectors16 = 22, track_sectors = 24, heads = 26,
                             hidden_sectors = 28, sectors32 = 32, signature = 510;
/// FAT12 and FAT16 only.
inline constexpr std::size_t drive16 = 36, state16 = 37, extended16 = 38, serial16 = 39,
                             label16 = 43, type16 = 54;
/// FAT32 only.
inline constexpr std::size_t fat_sectors32 = 36, flags32 = 40, version32 = 42, root_cluster = 44,
                             info_sector = 48, backup_sector = 50, drive32 = 64, state32 = 65,
                             extended32 = 66, serial32 = 67, label32 = 71, type32 = 82;
inline constexpr std::uint16_t signature_value = 0xaa55;
inline constexpr std::uint8_t extended_value = 0x29;
inline constexpr std::uint8_t state_dirty = 0x01;
}  // namespace boot

/// Offsets in FAT32's information sector.
namespace info {
inline constexpr std::size_t lead = 0, middle = 484, free_count = 488, next_free = 492,
                             trail = 508;
inline constexpr std::uint32_t lead_value = 0x4161'5252, middle_value = 0x6141'7272,
                               trail_value = 0xaa55'0000, unknown = 0xffff'ffff;
}  // namespace info

/// Bits of FAT[1] that are set while the volume is clean.
inline constexpr std::uint32_t clean_bit16 = 0x8000, clean_bit32 = 0x0800'0000;

template <class T>
[[nodiscard]] T load(std::span<const std::byte> bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

template <class T>
void store(std::span<std::byte> bytes, std::size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

namespace attribute {
inline constexpr std::uint8_t read_only = 0x01, hidden = 0x02, system = 0x04, label = 0x08,
                              directory = 0x10, archive = 0x20, long_name = 0x0f, mask = 0x3f;
}

using ShortName = std::array<std::uint8_t, 11>;

/// A directory's slot that stands for a file:
///
///   0        8   11   12    13    14    16    18    20       22    24    26       28
///   | base   |ext|attr|case |tenth| made time,date|acc.|clu.hi|modified t,d |clu.lo | size |
struct Slot {
    static constexpr std::uint8_t end = 0x00, erased = 0xe5, escaped_e5 = 0x05;
    static constexpr std::uint8_t lower_base = 0x08, lower_extension = 0x10;

    ShortName name{};
    std::uint8_t attributes = 0;
    std::uint8_t letters = 0;         ///< lower_base, lower_extension: shown in lower case
    std::uint8_t created_tenth = 0;   ///< 10 ms, 0..199
    std::uint16_t created_time = 0;
    std::uint16_t created_date = 0;
    std::uint16_t accessed_date = 0;
    std::uint16_t cluster_high = 0;
    std::uint16_t modified_time = 0;
    std::uint16_t modified_date = 0;
    std::uint16_t cluster_low = 0;
    std::uint32_t size = 0;

    [[nodiscard]] bool free() const { return name[0] == end || name[0] == erased; }
    [[nodiscard]] bool last() const { return name[0] == end; }
    [[nodiscard]] bool part_of_long_name() const {
        return (attributes & attribute::mask) == attribute::long_name;
    }
    [[nodiscard]] bool label() const { return (attributes & attribute::label) != 0; }
    [[nodiscard]] bool directory() const { return (attributes & attribute::directory) != 0; }
    /// "." or "..": a directory's first two slots.
    [[nodiscard]] bool dots() const {
        return name[0] == '.' && (name[1] == ' ' || (name[1] == '.' && name[2] == ' '));
    }
    /// Stands for a file or a directory that has a name of its own.
    [[nodiscard]] bool names_file() const {
        return !free() && !part_of_long_name() && !label() && !dots();
    }
    [[nodiscard]] Cluster cluster() const {
        return static_cast<Cluster>(cluster_high) << 16 | cluster_low;
    }
    void set_cluster(Cluster cluster) {
        cluster_high = static_cast<std::uint16_t>(cluster >> 16);
        cluster_low = static_cast<std::uint16_t>(cluster);
    }
};
static_assert(sizeof(Slot) == slot_bytes && offsetof(Slot, created_time) == 14 &&
              offsetof(Slot, cluster_high) == 20 && offsetof(Slot, size) == 28);

/// A slot that holds 13 units (UTF-16) of the long name of the slots' end; the last part first:
///
///   0       1         11   12   13       14        26  28        32
///   | order | 5 units |0x0f| 0  |checksum| 6 units | 0 | 2 units |
struct LongSlot {
    static constexpr std::uint8_t last_part = 0x40;
    static constexpr std::uint32_t units_max = 13;

    std::uint8_t order = 0;  ///< 1.. from the name's beginning; last_part in its last part
    std::array<std::uint8_t, 10> units_1{};
    std::uint8_t attributes = attribute::long_name;
    std::uint8_t kind = 0;
    std::uint8_t checksum = 0;
    std::array<std::uint8_t, 12> units_2{};
    std::array<std::uint8_t, 2> zero{};
    std::array<std::uint8_t, 4> units_3{};

    [[nodiscard]] std::uint8_t* unit_bytes(std::uint32_t index) {
        if (index < 5) return &units_1[2 * index];
        if (index < 11) return &units_2[2 * (index - 5)];
        return &units_3[2 * (index - 11)];
    }
    [[nodiscard]] char16_t unit(std::uint32_t index) const {
        const std::uint8_t* const bytes = const_cast<LongSlot*>(this)->unit_bytes(index);
        return static_cast<char16_t>(bytes[0] | bytes[1] << 8);
    }
    void set_unit(std::uint32_t index, char16_t unit) {
        std::uint8_t* const bytes = unit_bytes(index);
        bytes[0] = static_cast<std::uint8_t>(unit);
        bytes[1] = static_cast<std::uint8_t>(unit >> 8);
    }
};
static_assert(sizeof(LongSlot) == slot_bytes && offsetof(LongSlot, units_2) == 14);

}  // namespace libos::fs::fat

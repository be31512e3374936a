#include "libos/fs/fat/format.hpp"

#include "kernel/base/assert.hpp"
#include "kernel/base/order.hpp"
#include "kernel/base/result.hpp"
#include "libos/fs/fat/names.hpp"
#include "libos/fs/fat/volume.hpp"

namespace libos::fs::fat {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint8_t media_fixed = 0xf8;
constexpr std::uint32_t backup_sector = 6;

/// A volume as it will be.
struct Plan {
    Type type = Type::fat12;
    std::uint32_t sector_bytes = 0;
    std::uint32_t cluster_sectors = 0;
    std::uint32_t reserved = 0;
    std::uint32_t root_slots = 0;
    std::uint32_t fat_sectors = 0;
    std::uint64_t sectors = 0;
    std::uint64_t clusters = 0;
};

bool power_of_two(std::uint32_t value, std::uint32_t least, std::uint32_t most) {
    return value >= least && value <= most && (value & (value - 1)) == 0;
}

Type type_for(std::uint64_t bytes) {
    if (bytes < 16 * mebibyte) return Type::fat12;
    return bytes < 512 * mebibyte ? Type::fat16 : Type::fat32;
}

/// The clusters that a type can count.
struct Bounds {
    std::uint64_t least, most;
};
Bounds bounds_of(Type type) {
    switch (type) {
        case Type::fat12: return {1, fat12_clusters_max};
        case Type::fat16: return {fat12_clusters_max + 1, fat16_clusters_max};
        case Type::fat32: break;
    }
    return {fat16_clusters_max + 1, fat32_clusters_max};
}

std::uint32_t cluster_least(Type type, std::uint64_t bytes) {
    if (type != Type::fat32 || bytes <= 260 * mebibyte) return 512;
    const std::uint64_t gibibytes = bytes / (1024 * mebibyte);
    return gibibytes < 8 ? 4096 : gibibytes < 16 ? 8192 : gibibytes < 32 ? 16384 : 32768;
}

/// The number of clusters, and of sectors for a table of them: each step makes the table large
/// enough for the clusters that the last one left room for.
bool lay_out(Plan& plan) {
    const std::uint64_t root_sectors =
        (std::uint64_t{plan.root_slots} * slot_bytes + plan.sector_bytes - 1) / plan.sector_bytes;
    constexpr int steps_max = 16;
    plan.fat_sectors = 1;
    for (int step = 0; step < steps_max; ++step) {
        const std::uint64_t before = plan.reserved + 2ull * plan.fat_sectors + root_sectors;
        if (before >= plan.sectors) return false;
        plan.clusters = (plan.sectors - before) / plan.cluster_sectors;
        const std::uint64_t bits = (plan.clusters + 2) * static_cast<std::uint64_t>(plan.type);
        const std::uint64_t needed = (bits + 8ull * plan.sector_bytes - 1) /
                                     (8ull * plan.sector_bytes);
        if (needed <= plan.fat_sectors) return plan.clusters > 0;
        plan.fat_sectors = static_cast<std::uint32_t>(needed);
    }
    return false;
}

/// More reserved sectors, so that clusters lie on the blocks of larger devices; small volumes have
/// no room to give.
void align(Plan& plan, std::uint64_t bytes) {
    constexpr std::uint32_t block_bytes = 4096;
    if (bytes < 4 * mebibyte) return;
    const std::uint32_t unit = block_bytes / plan.sector_bytes;
    const std::uint64_t root_sectors =
        (std::uint64_t{plan.root_slots} * slot_bytes + plan.sector_bytes - 1) / plan.sector_bytes;
    const std::uint64_t before = plan.reserved + 2ull * plan.fat_sectors + root_sectors;
    const auto more = static_cast<std::uint32_t>((unit - before % unit) % unit);
    plan.reserved += more;
    plan.clusters = (plan.sectors - before - more) / plan.cluster_sectors;
}

Result<Plan> plan_for(std::uint64_t bytes, const FormatOptions& options) {
    const bool known = options.type == 0 || options.type == 12 || options.type == 16 ||
                       options.type == 32;
    const bool sized = options.cluster_bytes == 0 ||
                       (power_of_two(options.cluster_bytes, options.sector_bytes, 65536) &&
                        options.cluster_bytes / options.sector_bytes <= 128);
    if (!known || !power_of_two(options.sector_bytes, 512, 4096) || !sized) {
        return error(Error::invalid);
    }
    Plan plan;
    plan.type = options.type == 0 ? type_for(bytes) : static_cast<Type>(options.type);
    plan.sector_bytes = options.sector_bytes;
    plan.sectors = kernel::base::min<std::uint64_t>(bytes / plan.sector_bytes, 0xffff'ffff);
    plan.reserved = plan.type == Type::fat32 ? 32 : 1;
    const std::uint32_t slots = bytes < mebibyte ? 112 : 512;
    const std::uint32_t in_sector = plan.sector_bytes / slot_bytes;
    plan.root_slots =
        plan.type == Type::fat32 ? 0 : (slots + in_sector - 1) / in_sector * in_sector;
    const Bounds bounds = bounds_of(plan.type);
    const std::uint32_t least =
        kernel::base::max(cluster_least(plan.type, bytes), options.sector_bytes);
    const bool chosen = options.cluster_bytes != 0;
    std::uint32_t size = chosen ? options.cluster_bytes : least;
    for (; size <= 65536 && size / plan.sector_bytes <= 128; size *= 2) {
        plan.cluster_sectors = size / plan.sector_bytes;
        if (!lay_out(plan)) return error(Error::no_space);
        if (plan.clusters <= bounds.most) break;
        if (chosen) return error(Error::invalid);
    }
    align(plan, bytes);
    if (plan.clusters < bounds.least || plan.clusters > bounds.most) return error(Error::invalid);
    return plan;
}

using Label = ShortName;

Result<Label> label_of(std::string_view text) {
    constexpr std::string_view not_in_labels = "\"*+,./:;<=>?[\\]|";
    constexpr std::string_view none = "NO NAME    ";
    Label label;
    label.fill(' ');
    if (text.size() > label.size() || text.starts_with(' ')) return error(Error::invalid);
    if (text.empty()) text = none;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        for (const char wrong : not_in_labels) {
            if (c == wrong) return error(Error::invalid);
        }
        if (c < 0x20 || c > 0x7e) return error(Error::invalid);
        label[i] = static_cast<std::uint8_t>(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    return label;
}

using Sector = std::array<std::byte, boot_bytes>;

void put_text(std::span<std::byte> sector, std::size_t offset, std::string_view text) {
    std::memcpy(sector.data() + offset, text.data(), text.size());
}

/// What follows the common fields: at FAT12's and FAT16's offsets, or at FAT32's.
void put_extended(std::span<std::byte> sector, const Plan& plan, const FormatOptions& options,
                  const Label& label) {
    const bool large = plan.type == Type::fat32;
    store<std::uint8_t>(sector, large ? boot::drive32 : boot::drive16, 0x80);
    store(sector, large ? boot::extended32 : boot::extended16, boot::extended_value);
    store(sector, large ? boot::serial32 : boot::serial16, options.serial);
    store(sector, large ? boot::label32 : boot::label16, label);
    put_text(sector, large ? boot::type32 : boot::type16,
             large                       ? "FAT32   "
             : plan.type == Type::fat16 ? "FAT16   "
                                         : "FAT12   ");
}

Sector boot_sector(const Plan& plan, const FormatOptions& options, const Label& label) {
    Sector sector{};
    const bool large = plan.type == Type::fat32;
    // A jump over the fields to code that halts: an endless loop of hlt.
    const std::uint8_t code_at = large ? 90 : 62;
    store(sector, boot::jump, std::array<std::uint8_t, 3>{0xeb, std::uint8_t(code_at - 2), 0x90});
    store(sector, code_at, std::array<std::uint8_t, 4>{0xfa, 0xf4, 0xeb, 0xfd});
    put_text(sector, boot::oem, "CHITIN  ");
    store(sector, boot::sector_bytes, static_cast<std::uint16_t>(plan.sector_bytes));
    store(sector, boot::cluster_sectors, static_cast<std::uint8_t>(plan.cluster_sectors));
    store(sector, boot::reserved_sectors, static_cast<std::uint16_t>(plan.reserved));
    store<std::uint8_t>(sector, boot::fats, 2);
    store(sector, boot::root_slots, static_cast<std::uint16_t>(plan.root_slots));
    const bool short_count = plan.sectors < 0x10000 && !large;
    if (short_count) store(sector, boot::sectors16, static_cast<std::uint16_t>(plan.sectors));
    else store(sector, boot::sectors32, static_cast<std::uint32_t>(plan.sectors));
    store(sector, boot::media, media_fixed);
    store<std::uint16_t>(sector, boot::track_sectors, 32);
    store<std::uint16_t>(sector, boot::heads, 64);
    if (large) {
        store(sector, boot::fat_sectors32, plan.fat_sectors);
        store<std::uint32_t>(sector, boot::root_cluster, cluster_first);
        store<std::uint16_t>(sector, boot::info_sector, 1);
        store<std::uint16_t>(sector, boot::backup_sector, backup_sector);
    } else {
        store(sector, boot::fat_sectors16, static_cast<std::uint16_t>(plan.fat_sectors));
    }
    put_extended(sector, plan, options, label);
    store(sector, boot::signature, boot::signature_value);
    return sector;
}

Sector info_sector(std::uint32_t free_count) {
    Sector sector{};
    store(sector, info::lead, info::lead_value);
    store(sector, info::middle, info::middle_value);
    store(sector, info::free_count, free_count);
    store(sector, info::next_free, cluster_first + 1);
    store(sector, info::trail, info::trail_value);
    return sector;
}

/// Bytes at offsets, before there is a volume.
class Canvas {
public:
    explicit Canvas(cache::Blocks blocks) : blocks_{blocks} {}

    Result<void> zero(std::uint64_t bytes) {
        for (std::uint64_t block = 0; block * blocks_.block_size() < bytes; ++block) {
            TRY(blocks_.fresh(block));
        }
        return {};
    }
    /// `from` does not cross a block.
    Result<void> write(std::uint64_t offset, std::span<const std::byte> from) {
        const auto bytes = TRY(blocks_.change(offset / blocks_.block_size()));
        std::memcpy(bytes.data() + offset % blocks_.block_size(), from.data(), from.size());
        return {};
    }
    template <class T>
    Result<void> store_at(std::uint64_t offset, const T& value) {
        return write(offset, std::as_bytes(std::span{&value, 1}));
    }

private:
    cache::Blocks blocks_;
};

/// The first entries: the media byte, the clean marks, FAT32's root.
Result<void> begin_table(Canvas& canvas, const Geometry& geometry, std::uint64_t at) {
    switch (geometry.type) {
        case Type::fat12:
            return canvas.store_at(at, std::array<std::uint8_t, 3>{geometry.media, 0xff, 0xff});
        case Type::fat16:
            return canvas.store_at(at,
                                   std::array<std::uint8_t, 4>{geometry.media, 0xff, 0xff, 0xff});
        case Type::fat32: break;
    }
    return canvas.store_at(at, std::array<std::uint32_t, 3>{0x0fff'ff00u | geometry.media,
                                                            0x0fff'ffff, 0x0fff'ffff});
}

Result<void> write_all(cache::Blocks blocks, const Geometry& geometry, const Sector& sector,
                       const FormatOptions& options, const Label& label) {
    Canvas canvas{blocks};
    const bool large = geometry.type == Type::fat32;
    TRY(canvas.zero(large ? geometry.start_of(geometry.root_cluster) + geometry.cluster_bytes
                          : geometry.data_start));
    for (std::uint32_t fat = 0; fat < geometry.fats; ++fat) {
        TRY(begin_table(canvas, geometry, geometry.fat_start + fat * geometry.fat_bytes));
    }
    if (!options.label.empty()) {
        Slot slot{.name = label, .attributes = attribute::label};
        slot.modified_date = 1 << 5 | 1;
        TRY(canvas.store_at(large ? geometry.start_of(geometry.root_cluster)
                                  : geometry.root_start, slot));
    }
    if (large) {
        const Sector info = info_sector(geometry.clusters - 1);
        TRY(canvas.write(geometry.info_start, info));
        TRY(canvas.write(geometry.backup_start + geometry.info_start, info));
        TRY(canvas.write(geometry.backup_start, sector));
    }
    // The boot sector last: until then there is no volume.
    TRY(blocks.flush());
    TRY(canvas.write(0, sector));
    return blocks.flush();
}

}  // namespace

Result<Geometry> format(cache::Blocks blocks, const FormatOptions& options) {
    const std::uint64_t bytes = blocks.blocks() * blocks.block_size();
    const Label label = TRY(label_of(options.label));
    const Plan plan = TRY(plan_for(bytes, options));
    const Sector sector = boot_sector(plan, options, label);
    const auto geometry = Geometry::read(sector, bytes);
    CHITIN_ASSERT(geometry.has_value() && geometry->type == plan.type);
    TRY(write_all(blocks, *geometry, sector, options, label));
    return *geometry;
}

}  // namespace libos::fs::fat

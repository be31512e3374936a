#include "libos/fs/fat/table.hpp"

#include "kernel/base/result.hpp"

namespace libos::fs::fat {

Result<void> Table::open() {
    cursors_ = {};
    next_free_ = cluster_first;
    const Geometry& geometry = volume_.geometry();
    if (geometry.info_start != 0) {
        const auto hint =
            TRY(volume_.load_at<std::uint32_t>(geometry.info_start + info::next_free));
        if (geometry.holds(hint)) next_free_ = hint;
    }
    free_count_ = TRY(count_free());
    return {};
}

Result<std::uint32_t> Table::count_free() {
    const Geometry& geometry = volume_.geometry();
    std::uint32_t count = 0;
    for (Cluster cluster = cluster_first; geometry.holds(cluster); ++cluster) {
        if (TRY(entry(cluster)) == 0) ++count;
    }
    return count;
}

Result<void> Table::save_counts() {
    const std::uint64_t at = volume_.geometry().info_start;
    if (at == 0) return {};
    const bool same =
        TRY(volume_.load_at<std::uint32_t>(at + info::free_count)) == free_count_ &&
        TRY(volume_.load_at<std::uint32_t>(at + info::lead)) == info::lead_value;
    if (same) return {};
    TRY(volume_.store_at(at + info::lead, info::lead_value));
    TRY(volume_.store_at(at + info::middle, info::middle_value));
    TRY(volume_.store_at(at + info::free_count, free_count_));
    TRY(volume_.store_at(at + info::next_free, next_free_));
    return volume_.store_at(at + info::trail, info::trail_value);
}

std::uint64_t Table::fat_start(std::uint32_t fat) const {
    return volume_.geometry().fat_start + fat * volume_.geometry().fat_bytes;
}

Result<std::uint32_t> Table::entry(Cluster cluster, std::uint32_t fat) {
    const std::uint64_t start = fat_start(fat);
    switch (volume_.geometry().type) {
        case Type::fat12: {
            const std::uint64_t at = start + cluster + cluster / 2;
            const auto pair = TRY(volume_.load_at<std::uint16_t>(at));
            return cluster % 2 == 0 ? pair & 0x0fff : pair >> 4;
        }
        case Type::fat16: return TRY(volume_.load_at<std::uint16_t>(start + cluster * 2u));
        case Type::fat32: break;
    }
    const auto at = start + std::uint64_t{cluster} * 4;
    return TRY(volume_.load_at<std::uint32_t>(at)) & 0x0fff'ffff;
}

namespace {

Result<void> store_entry(Volume& volume, std::uint64_t start, Cluster cluster,
                         std::uint32_t value) {
    switch (volume.geometry().type) {
        case Type::fat12: {
            const std::uint64_t at = start + cluster + cluster / 2;
            const std::uint32_t pair = TRY(volume.load_at<std::uint16_t>(at));
            const std::uint32_t changed = cluster % 2 == 0 ? (pair & 0xf000) | (value & 0x0fff)
                                                           : (pair & 0x000f) | value << 4;
            return volume.store_at(at, static_cast<std::uint16_t>(changed));
        }
        case Type::fat16:
            return volume.store_at(start + cluster * 2u, static_cast<std::uint16_t>(value));
        case Type::fat32: break;
    }
    const std::uint64_t at = start + std::uint64_t{cluster} * 4;
    const auto reserved = TRY(volume.load_at<std::uint32_t>(at)) & 0xf000'0000;
    return volume.store_at(at, reserved | (value & 0x0fff'ffff));
}

}  // namespace

Result<void> Table::set_entry(Cluster cluster, std::uint32_t value) {
    const Geometry& geometry = volume_.geometry();
    for (std::uint32_t fat = 0; fat < geometry.fats; ++fat) {
        if (!geometry.mirrored && fat != geometry.active_fat) continue;
        TRY(store_entry(volume_, fat_start(fat), cluster, value));
    }
    return {};
}

std::uint32_t Table::end_mark() const {
    switch (volume_.geometry().type) {
        case Type::fat12: return 0x0fff;
        case Type::fat16: return 0xffff;
        case Type::fat32: break;
    }
    return 0x0fff'ffff;
}

Link Table::kind(std::uint32_t entry) const {
    if (entry == 0) return Link::free;
    if (volume_.geometry().holds(entry)) return Link::next;
    if (entry > bad_mark()) return Link::end;
    return entry == bad_mark() ? Link::bad : Link::wrong;
}

Result<Cluster> Table::next(Cluster cluster) {
    if (!volume_.geometry().holds(cluster)) return error(Error::corrupt);
    const std::uint32_t value = TRY(entry(cluster));
    switch (kind(value)) {
        case Link::next: return value;
        case Link::end: return no_cluster;
        default: return error(Error::corrupt);
    }
}

Table::Cursor& Table::cursor_of(Cluster first) {
    for (Cursor& cursor : cursors_) {
        if (cursor.first == first) return cursor;
    }
    cursor_turn_ = (cursor_turn_ + 1) % cursors_max;
    return cursors_[cursor_turn_] = {.first = first, .index = 0, .cluster = first};
}

void Table::forget(Cluster first) {
    for (Cursor& cursor : cursors_) {
        if (cursor.first == first) cursor = {};
    }
}

Result<Cluster> Table::at(Cluster first, std::uint32_t index) {
    if (!volume_.geometry().holds(first)) return error(Error::corrupt);
    Cursor& cursor = cursor_of(first);
    if (cursor.index > index) cursor = {.first = first, .index = 0, .cluster = first};
    while (cursor.index < index) {
        const Cluster following = TRY(next(cursor.cluster));
        if (following == no_cluster) return no_cluster;
        ++cursor.index;
        cursor.cluster = following;
    }
    return cursor.cluster;
}

Result<std::uint32_t> Table::length(Cluster first) {
    std::uint32_t count = 0;
    for (Cluster cluster = first; cluster != no_cluster; cluster = TRY(next(cluster))) {
        if (++count > volume_.geometry().clusters) return error(Error::corrupt);
    }
    return count;
}

namespace {

/// The table's clusters as what an allocation looks at. Where the table cannot be read there are
/// no more of them.
struct Clusters {
    Table& table;
    std::uint64_t last;
    bool broken = false;

    [[nodiscard]] static std::uint64_t begin() { return cluster_first; }
    [[nodiscard]] std::uint64_t end() const { return last; }
    [[nodiscard]] bool free(std::uint64_t cluster) {
        const auto entry = table.entry(static_cast<Cluster>(cluster));
        if (!entry) broken = true;
        return entry && *entry == 0;
    }
    [[nodiscard]] std::uint64_t next_free(std::uint64_t cluster) {
        while (!broken && cluster < last && !free(cluster)) ++cluster;
        return broken ? last : cluster;
    }
    [[nodiscard]] std::uint64_t next_used(std::uint64_t cluster, std::uint64_t limit) {
        while (!broken && cluster < limit && free(cluster)) ++cluster;
        return cluster;
    }
};

}  // namespace

/// The first free cluster at or behind `from`, round the end.
Result<Cluster> Table::find_free(Cluster from) {
    const Geometry& geometry = volume_.geometry();
    Cluster candidate = geometry.holds(from) ? from : cluster_first;
    for (std::uint32_t looked_at = 0; looked_at < geometry.clusters; ++looked_at) {
        if (TRY(entry(candidate)) == 0) return candidate;
        candidate = geometry.holds(candidate + 1) ? candidate + 1 : cluster_first;
    }
    return error(Error::corrupt);  // the count said that there is one
}

/// A free cluster for the one behind `tail`, of `count` that are wanted.
Result<Cluster> Table::choose(Cluster tail, std::uint32_t count, Cluster directory) {
    Clusters clusters{*this, std::uint64_t{cluster_first} + volume_.geometry().clusters};
    const auto place = allocation_.place(
        clusters, {.after = tail == no_cluster ? 0 : std::uint64_t{tail} + 1,
                   .directory = directory,
                   .near = directory,
                   .group = 0,
                   .count = count});
    return find_free(static_cast<Cluster>(place.block));
}

Result<Cluster> Table::allocate(Cluster tail, std::uint32_t count, Cluster directory) {
    if (count > free_count_) return error(Error::no_space);
    Cluster first = no_cluster;
    Cluster last = tail;
    for (std::uint32_t made = 0; made < count; ++made) {
        const Cluster cluster = TRY(choose(last, count - made, directory));
        TRY(set_entry(cluster, end_mark()));
        --free_count_;
        if (last != no_cluster) TRY(set_entry(last, cluster));
        if (first == no_cluster) first = cluster;
        last = cluster;
        next_free_ = cluster + 1;
    }
    return first;
}

Result<void> Table::cut(Cluster first, std::uint32_t keep) {
    if (first == no_cluster) return {};
    Cluster rest = first;
    if (keep > 0) {
        const Cluster last = TRY(at(first, keep - 1));
        if (last == no_cluster) return {};
        rest = TRY(next(last));
        forget(first);
        if (rest == no_cluster) return {};
        TRY(set_entry(last, end_mark()));
    }
    forget(first);
    return release_from(rest);
}

/// Ends on a damaged chain: what was freed is met as free.
Result<void> Table::release_from(Cluster cluster) {
    while (cluster != no_cluster) {
        const Cluster following = TRY(next(cluster));
        TRY(set_entry(cluster, 0));
        ++free_count_;
        cluster = following;
    }
    return {};
}

}  // namespace libos::fs::fat

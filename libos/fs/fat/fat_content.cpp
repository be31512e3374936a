// What files hold: reading, writing, room for more.
#include "kernel/base/order.hpp"
#include "kernel/base/result.hpp"
#include "libos/fs/fat/fat.hpp"

namespace libos::fs::fat {

/// Calls act(offset in the volume, offset in the range, length) for each part of a file's range
/// that lies in clusters one behind the other. Error::corrupt: the chain ends before the range
/// does.
template <class Act>
Result<void> Fat::along(const File& file, std::uint64_t offset, std::uint64_t length, Act act) {
    const Geometry& geometry = volume_.geometry();
    std::uint64_t done = 0;
    while (done < length) {
        const std::uint64_t at = offset + done;
        const auto index = static_cast<std::uint32_t>(at / geometry.cluster_bytes);
        const std::uint64_t within = at % geometry.cluster_bytes;
        const Cluster cluster = TRY(table_.at(file.slot.cluster(), index));
        if (cluster == no_cluster) return error(Error::corrupt);
        std::uint64_t part = kernel::base::min(length - done, geometry.cluster_bytes - within);
        for (std::uint32_t more = 1; done + part < length; ++more) {
            if (TRY(table_.at(file.slot.cluster(), index + more)) != cluster + more) break;
            part += kernel::base::min<std::uint64_t>(length - done - part, geometry.cluster_bytes);
        }
        TRY(act(geometry.start_of(cluster) + within, done, part));
        done += part;
    }
    return {};
}

std::uint32_t Fat::clusters_for(std::uint64_t size) const {
    const std::uint64_t bytes = volume_.geometry().cluster_bytes;
    return static_cast<std::uint32_t>((size + bytes - 1) / bytes);
}

/// The size that the file could have if it took all room.
std::uint64_t Fat::size_possible(const File& file) const {
    const std::uint64_t clusters =
        std::uint64_t{clusters_for(file.slot.size)} + table_.free_count();
    return kernel::base::min(clusters * volume_.geometry().cluster_bytes, file_bytes_max);
}

Result<std::size_t> Fat::read(Inode inode, std::uint64_t offset, std::span<std::byte> into) {
    const File file = TRY(resolve_content(inode));
    if (offset >= file.slot.size) return 0;
    const std::size_t size = kernel::base::min<std::uint64_t>(into.size(),
                                                              file.slot.size - offset);
    TRY(along(file, offset, size,
              [&](std::uint64_t from, std::uint64_t done, std::uint64_t part) {
                  return volume_.read(from, into.subspan(done, part));
              }));
    return size;
}

/// The directory's cluster that a slot lies in; 0: none, or the fixed root.
Cluster Fat::cluster_with(Place place) const {
    const Geometry& geometry = volume_.geometry();
    const std::uint64_t at = place * slot_bytes;
    if (at < geometry.data_start) return 0;
    return cluster_first +
           static_cast<Cluster>((at - geometry.data_start) / geometry.cluster_bytes);
}

/// The chain becomes long enough for `size`, which is possible. What is new is not zeroed.
Result<void> Fat::make_room(File& file, std::uint64_t size) {
    const std::uint32_t needed = clusters_for(size);
    std::uint32_t have = clusters_for(file.slot.size);
    if (needed <= have) return {};
    const Cluster first = file.slot.cluster();
    if (first == no_cluster) {
        file.slot.set_cluster(TRY(table_.allocate(no_cluster, needed, cluster_with(file.place))));
        return {};
    }
    if (have == 0) have = 1;  // an empty file with a cluster: made elsewhere
    Cluster tail = TRY(table_.at(first, have - 1));
    if (tail == no_cluster) return error(Error::corrupt);
    for (; have < needed; ++have) {
        const Cluster following = TRY(table_.next(tail));
        if (following == no_cluster) break;
        tail = following;
    }
    if (have < needed) TRY(table_.allocate(tail, needed - have, cluster_with(file.place)));
    return {};
}

/// Zeroes what the file will show between its end and `end`.
Result<void> Fat::zero_gap(const File& file, std::uint64_t end) {
    if (end <= file.slot.size) return {};
    return along(file, file.slot.size, end - file.slot.size,
                 [&](std::uint64_t at, std::uint64_t, std::uint64_t part) {
                     return volume_.zero(at, part);
                 });
}

Result<std::size_t> Fat::write(Inode inode, std::uint64_t offset,
                               std::span<const std::byte> from) {
    File file = TRY(resolve_content(inode));
    if (from.empty()) return 0;
    if (offset >= file_bytes_max) return error(Error::file_too_big);
    const std::uint64_t possible = kernel::base::max<std::uint64_t>(size_possible(file),
                                                                    file.slot.size);
    if (offset >= possible) return error(Error::no_space);
    const std::size_t size = kernel::base::min<std::uint64_t>(from.size(), possible - offset);
    TRY(make_room(file, offset + size));
    TRY(zero_gap(file, offset));
    TRY(along(file, offset, size,
              [&](std::uint64_t at, std::uint64_t done, std::uint64_t part) {
                  return volume_.write(at, from.subspan(done, part));
              }));
    if (offset + size > file.slot.size) file.slot.size = static_cast<std::uint32_t>(offset + size);
    mark_modified(file.slot);
    TRY(save(file));
    return size;
}

Result<void> Fat::truncate(Inode inode, std::uint64_t size) {
    File file = TRY(resolve_content(inode));
    if (size > file_bytes_max) return error(Error::file_too_big);
    const Cluster first = file.slot.cluster();
    mark_modified(file.slot);
    if (size >= file.slot.size) {
        if (size > file.slot.size && size > size_possible(file)) return error(Error::no_space);
        TRY(make_room(file, size));
        TRY(zero_gap(file, size));
        file.slot.size = static_cast<std::uint32_t>(size);
        return save(file);
    }
    file.slot.size = static_cast<std::uint32_t>(size);
    if (size == 0) file.slot.set_cluster(no_cluster);
    TRY(save(file));
    return table_.cut(first, clusters_for(size));
}

}  // namespace libos::fs::fat

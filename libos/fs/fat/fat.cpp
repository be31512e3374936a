#include "libos/fs/fat/fat.hpp"

#include "kernel/base/result.hpp"

namespace libos::fs::fat {

Result<void> Fat::mount() {
    if (mounted_) return error(Error::busy);
    nodes_.clear();
    TRY(volume_.open());
    TRY(table_.open());
    mounted_ = true;
    return {};
}

Result<void> Fat::unmount() {
    if (!mounted_) return error(Error::invalid);
    while (Node* const node = nodes_.any_open()) {
        node->opens = 1;
        TRY(close(Inode{node->number}));
    }
    TRY(table_.save_counts());
    TRY(volume_.close());
    mounted_ = false;
    return {};
}

Result<void> Fat::sync() {
    if (!mounted_) return error(Error::invalid);
    TRY(table_.save_counts());
    return volume_.flush();
}

Result<void> Fat::fsync(Inode inode, bool) {
    TRY(resolve(inode));
    return sync();
}

Result<SpaceInfo> Fat::space() {
    if (!mounted_) return error(Error::invalid);
    return SpaceInfo{.block_size = volume_.geometry().cluster_bytes,
                     .blocks = volume_.geometry().clusters,
                     .blocks_free = table_.free_count(),
                     .files = 0,
                     .files_free = 0,
                     .name_max = name_bytes_max};
}

// ---- from numbers to slots

Result<Fat::File> Fat::resolve(Inode inode) {
    if (!mounted_) return error(Error::invalid);
    File file;
    file.number = static_cast<std::uint64_t>(inode);
    if (file.root()) return file;
    file.node = nodes_.by_number(file.number);
    if (file.node != nullptr) {
        file.place = file.node->place;
        file.slot = file.node->orphan;
        if (file.nameless()) return file;
    } else {
        file.place = file.number;
        if (nodes_.by_place(file.place) != nullptr) return error(Error::stale);
    }
    const Geometry& geometry = volume_.geometry();
    const bool within = file.place >= geometry.root_start / slot_bytes &&
                        file.place < geometry.end() / slot_bytes;
    if (!within) return error(Error::stale);
    file.slot = TRY(volume_.slot(file.place * slot_bytes));
    if (!file.slot.names_file()) return error(Error::stale);
    return file;
}

Result<Fat::File> Fat::resolve_content(Inode inode) {
    const File file = TRY(resolve(inode));
    if (file.directory()) return error(Error::is_directory);
    return file;
}

Result<void> Fat::save(File& file) {
    CHITIN_ASSERT(!file.root());
    if (!file.nameless()) return volume_.set_slot(file.place * slot_bytes, file.slot);
    file.node->orphan = file.slot;
    return {};
}

Result<Cluster> Fat::directory_cluster(const File& file) {
    if (file.root()) return volume_.geometry().root_cluster;
    if (!file.directory()) return error(Error::not_directory);
    const Cluster cluster = file.slot.cluster();
    if (!volume_.geometry().holds(cluster)) return error(Error::corrupt);
    return cluster;
}

Result<Directory> Fat::directory_of(const File& file) {
    return Directory{volume_, table_, TRY(directory_cluster(file))};
}

std::uint64_t Fat::number_at(Place place) const {
    const Node* const node = nodes_.by_place(place);
    return node != nullptr ? node->number : place;
}

/// The number of a file whose slot has just been put at `place`. The table has room.
std::uint64_t Fat::number_for_new(Place place) {
    leave(place);
    if (nodes_.by_number(place) == nullptr) return place;
    return nodes_.add(nodes_.fresh_number(), place).number;
}

/// Nobody is at `place` any more. (A node there is of a file whose slot vanished: two directories
/// of a damaged volume share a cluster.)
void Fat::leave(Place place) {
    Node* const node = nodes_.by_place(place);
    if (node == nullptr) return;
    nodes_.move(*node, InodeTable::nowhere);
    node->orphan = {};
    free_node(*node);
}

/// Forgets a node that has nothing to say.
void Fat::free_node(Node& node) {
    const bool speaks = node.opens > 0 || (node.place != InodeTable::nowhere &&
                                           node.place != node.number);
    if (!speaks) nodes_.remove(node);
}

// ---- open files

Result<void> Fat::open(Inode inode) {
    const File file = TRY(resolve(inode));
    if (file.root()) return {};
    if (file.node == nullptr && !nodes_.room()) return error(Error::no_memory);
    Node& node = file.node != nullptr ? *file.node : nodes_.add(file.number, file.place);
    ++node.opens;
    return {};
}

Result<void> Fat::close(Inode inode) {
    const auto number = static_cast<std::uint64_t>(inode);
    if (number == root_number) return {};
    Node* const node = nodes_.by_number(number);
    if (node == nullptr || node->opens == 0) return error(Error::invalid);
    if (--node->opens > 0) return {};
    const Cluster cluster =
        node->place == InodeTable::nowhere ? node->orphan.cluster() : no_cluster;
    free_node(*node);
    return table_.release(cluster);
}

// ---- attributes

void Fat::mark_modified(Slot& slot) const {
    slot.modified_date = now_.date;
    slot.modified_time = now_.time;
    if (!slot.directory()) slot.attributes |= attribute::archive;
}

Result<void> Fat::touch(File& directory) {
    if (directory.root()) return {};
    mark_modified(directory.slot);
    return save(directory);
}

/// Clusters that a directory's chain has, or a file's size needs.
Result<std::uint32_t> Fat::chain_clusters(const File& file) {
    if (!file.directory()) return clusters_for(file.slot.size);
    const Cluster cluster = TRY(directory_cluster(file));
    if (cluster == no_cluster) return 0;
    return table_.length(cluster);
}

Result<Attributes> Fat::attributes(Inode inode) {
    const File file = TRY(resolve(inode));
    const std::uint64_t cluster_bytes = volume_.geometry().cluster_bytes;
    const std::uint64_t held = TRY(chain_clusters(file)) * cluster_bytes;
    const Timestamp modified =
        to_timestamp({file.slot.modified_date, file.slot.modified_time, 0});
    const bool fixed_root = file.root() && volume_.geometry().root_slots != 0;
    const bool writable = (file.slot.attributes & attribute::read_only) == 0;
    const std::uint64_t directory_size =
        fixed_root ? volume_.geometry().root_slots * slot_bytes : held;
    return Attributes{
        .inode = inode,
        .kind = file.directory() ? Kind::directory : Kind::file,
        .mode = static_cast<std::uint16_t>((file.directory() ? 0755 : 0644) &
                                           (writable ? 0777 : 0555)),
        .links = file.nameless() ? 0u : 1u,
        .user = 0,
        .group = 0,
        .size = file.directory() ? directory_size : file.slot.size,
        .blocks = held / 512,
        .accessed = to_timestamp({file.slot.accessed_date, 0, 0}),
        .modified = modified,
        .changed = modified};
}

Result<void> Fat::set_attributes(Inode inode, const AttributeChange& change) {
    File file = TRY(resolve(inode));
    if (file.root()) return error(Error::not_supported);
    if (change.has_owner && (change.user != 0 || change.group != 0)) {
        return error(Error::not_supported);
    }
    if (change.has_mode) {
        const bool writable = (change.mode & 0200) != 0;
        file.slot.attributes = static_cast<std::uint8_t>(
            writable ? file.slot.attributes & ~attribute::read_only
                     : file.slot.attributes | attribute::read_only);
    }
    if (change.has_accessed) file.slot.accessed_date = to_stamp(change.accessed).date;
    if (change.has_modified) {
        const Stamp stamp = to_stamp(change.modified);
        file.slot.modified_date = stamp.date;
        file.slot.modified_time = stamp.time;
    }
    return save(file);
}

}  // namespace libos::fs::fat

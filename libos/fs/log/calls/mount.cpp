/// Formatting, mounting, making durable.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/log/log.hpp"

namespace libos::fs::log {

namespace {

std::uint32_t usable(std::uint64_t blocks) {
    return static_cast<std::uint32_t>(std::min(blocks, DeviceRef::blocks_max));
}

}  // namespace

std::size_t Log::memory_needed(std::uint64_t blocks, std::uint32_t cached) {
    const Geometry geometry = Geometry::of(std::max(usable(blocks), blocks_min));
    return Store::room(usable(blocks), cached) + Cleaner::room(geometry);
}

Log::Log(DeviceRef device, std::span<std::byte> memory, const MountOptions& options)
    : store_{device, options.cache}, inodes_{store_}, map_{store_, inodes_}, records_{store_, map_},
      data_{store_, inodes_, map_}, cleaner_{store_, inodes_, map_},
      built_{build(device.blocks(), memory)} {
    cleaner_.set_policy(options.cleaning);
}

Result<void> Log::build(std::uint32_t blocks, std::span<std::byte> memory) {
    if (blocks < blocks_min) return error(Error::invalid);
    const Geometry geometry = Geometry::of(blocks);
    const std::size_t room = Cleaner::room(geometry);
    if (memory.size() < room) return error(Error::no_memory);
    kernel::base::Arena arena{memory.first(room)};
    cleaner_.build(arena, geometry);
    return store_.build(memory.subspan(room));
}

Result<void> Log::format(DeviceRef device, std::span<std::byte> memory,
                         const FormatOptions& options) {
    Store store{device};
    TRY(store.build(memory));
    TRY(store.create(options.salt));
    Inodes inodes{store};
    File root{.number = root_index, .node = {}};
    const Timestamp now = options.now;
    root.node = {.head = {},
                 .accessed = now.seconds,
                 .modified = now.seconds,
                 .changed = now.seconds,
                 .accessed_ns = now.nanoseconds,
                 .modified_ns = now.nanoseconds,
                 .changed_ns = now.nanoseconds,
                 .mode = static_cast<std::uint32_t>(Kind::directory) << 12 |
                         (options.mode & 07777u),
                 .links = 2,
                 .user = options.user,
                 .group = options.group};
    TRY(store.begin());
    TRY(inodes.save(root));
    // Twice: both regions then hold this file system.
    TRY(store.checkpoint());
    TRY(store.begin());
    return store.checkpoint();
}

Result<void> Log::mount() {
    TRY(built_);
    open_.clear();
    TRY(store_.open());
    const auto root = inodes_.load(root_index);
    const bool good = root && root->kind() == Kind::directory && root->node.links != 0;
    if (!good) {
        store_.fail();
        return error(root || root.error() == Error::stale ? Error::corrupt : root.error());
    }
    const auto reclaimed = reclaim_orphans();
    // They stay where nothing can be written.
    if (!reclaimed && reclaimed.error() == Error::read_only) return store_.open();
    return reclaimed;
}

// Files that were open and nameless when the last commit was made.
Result<void> Log::reclaim_orphans() {
    InodeMap& map = store_.inodes();
    bool any = false;
    for (std::uint32_t i = root_index; i < store_.geometry().inodes; ++i) {
        const MapEntry entry = map.at(i);
        if (entry.address == 0 || (entry.generation & orphan_bit) == 0) continue;
        const std::uint64_t number = number_of(i, entry.generation);
        const auto file = inodes_.load(number);
        if (!file || file->node.links != 0) {
            store_.fail();
            return error(Error::corrupt);
        }
        TRY(begin(Effect::shrinks));
        TRY(store_.acted(data_.remove(number)));
        any = true;
    }
    return any ? store_.checkpoint() : Result<void>{};
}

Result<void> Log::unmount() {
    if (store_.failed()) return error(Error::io);
    TRY(sync());
    store_.fail();
    return {};
}

Result<SpaceInfo> Log::space() {
    if (store_.failed()) return error(Error::io);
    const Geometry& g = store_.geometry();
    return SpaceInfo{.block_size = block_bytes,
                     .blocks = g.live_max(),
                     .blocks_free = store_.growable(),
                     .files = g.inodes - 1,
                     .files_free = g.inodes - 1 - store_.inodes().files(),
                     .name_max = posix::name_max};
}

Result<void> Log::begin(Effect effect, std::uint32_t blocks, bool goes_on) {
    if (store_.failed()) return error(Error::io);
    if (store_.fresh()) TRY(store_.checkpoint());
    if (effect == Effect::grows && blocks > store_.growable()) return error(Error::no_space);
    if (!store_.ready(effect, blocks)) TRY(cleaner_.make_room(effect, blocks));
    return store_.begin(goes_on);
}

Result<void> Log::fsync(Inode inode, bool) {
    TRY(load(inode));
    return store_.commit();
}

Result<void> Log::sync() {
    if (store_.failed()) return error(Error::io);
    // Nothing was changed since mount(): what is there only has to be on the disk.
    return store_.fresh() ? store_.commit() : store_.checkpoint();
}

}  // namespace libos::fs::log

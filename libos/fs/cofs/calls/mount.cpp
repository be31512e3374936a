/// Formatting, mounting, committing.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/cofs.hpp"

namespace libos::fs::cofs {

std::size_t Cofs::memory_needed(std::uint64_t blocks, std::uint32_t cached) {
    const std::uint32_t frames = cached < Cache::frames_min ? Cache::frames_min : cached;
    const auto used = static_cast<std::uint32_t>(std::min(blocks, blocks_max));
    return Store::room(used, frames);
}

Cofs::Cofs(DeviceRef device, std::span<std::byte> memory, const MountOptions& options)
    : store_{device, options}, inodes_{store_}, entries_{store_}, data_{store_, inodes_},
      built_{store_.build(memory)} {}

Result<void> Cofs::format(DeviceRef device, std::span<std::byte> memory,
                          const FormatOptions& options) {
    Store store{device};
    TRY(store.build(memory));
    TRY(store.create(options.salt));
    const std::uint32_t mode =
        static_cast<std::uint32_t>(Kind::directory) << 12 | (options.mode & 07777);
    const Timestamp now = options.now;
    const Body root{.accessed = now.seconds,
                    .modified = now.seconds,
                    .changed = now.seconds,
                    .accessed_ns = now.nanoseconds,
                    .modified_ns = now.nanoseconds,
                    .changed_ns = now.nanoseconds,
                    .mode = mode,
                    .links = 2,
                    .user = options.user,
                    .group = options.group};
    store.transaction().next_inode = root_number + 1;
    store.transaction().files = 1;
    TRY(store.tree().put(key(root_number, ItemType::inode),
                         std::as_bytes(std::span{&root, 1})));
    // Twice: both slots then hold this file system.
    TRY(store.commit());
    store.transaction().changed = true;
    return store.commit();
}

Result<void> Cofs::mount() {
    TRY(built_);
    open_.clear();
    inodes_.forget();
    data_.forget();
    TRY(store_.open());
    const auto root = inodes_.load(root_number);
    const bool good = root && root->kind() == Kind::directory && !root->embedded();
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
Result<void> Cofs::reclaim_orphans() {
    for (;;) {
        std::uint64_t number = 0;
        {
            const Item item = TRY(store_.tree().lower_bound(
                key(0, ItemType::orphan), key(0, ItemType::orphan, Key::offset_max)));
            if (!item) break;
            number = item.key.offset();
        }
        const auto file = inodes_.load(number);
        const bool orphan = file && !file->embedded() && file->body.links == 0;
        if (!orphan) {
            store_.fail();
            return error(Error::corrupt);
        }
        TRY(store_.begin(Effect::shrinks));
        TRY(drop_all(number));
        TRY(store_.acted(store_.tree().erase(key(0, ItemType::orphan, number))));
    }
    return store_.commit();
}

Result<void> Cofs::unmount() {
    TRY(store_.commit());
    store_.fail();
    return {};
}

Result<SpaceInfo> Cofs::space() {
    if (store_.failed()) return error(Error::io);
    return SpaceInfo{.block_size = block_bytes,
                     .blocks = store_.space().blocks(),
                     .blocks_free = store_.growable(),
                     .files = 0,
                     .files_free = 0,
                     .name_max = name_max};
}

Result<void> Cofs::fsync(Inode inode, bool) {
    if (store_.failed()) return error(Error::io);
    TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    return store_.commit();
}

Result<void> Cofs::sync() { return store_.commit(); }

}  // namespace libos::fs::cofs

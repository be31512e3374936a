#include "libos/fs/cofs/file/data.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::cofs {

namespace {

constexpr std::array<std::byte, block_bytes> zeros{};

}  // namespace

// Good until the next call.
Result<const Chunk*> FileData::find(std::uint64_t number, std::uint64_t chunk) {
    Known& one = known(number, chunk);
    if (one.number == number && one.chunk == chunk) return &one.map;
    one.number = 0;
    const Item item = TRY(store_->tree().find(key(number, ItemType::map, chunk)));
    one.map = item ? TRY(Chunk::decode(item.value)) : Chunk{};
    one.number = number;
    one.chunk = chunk;
    return &one.map;
}

Result<Chunk> FileData::load(std::uint64_t number, std::uint64_t chunk) {
    return *TRY(find(number, chunk));
}

Result<void> FileData::save(std::uint64_t number, std::uint64_t chunk, const Chunk& map) {
    std::array<std::byte, payload_max> value;
    const std::size_t bytes = map.encode(value);
    const Key at = key(number, ItemType::map, chunk);
    known(number, chunk) = {number, chunk, map};
    if (bytes != 0) return store_->tree().put(at, std::span{value}.first(bytes));
    if (!TRY(store_->tree().find(at))) return {};
    return store_->tree().erase(at);
}

// A mapped block, verified.
Result<BlockRef> FileData::block(const Chunk& map, std::uint32_t i) {
    // What is larger than a group is not read by groups: that is read-ahead's business.
    const bool grouped = map.block[group_blocks] == 0;
    BlockRef ref = TRY(store_->cache().read(map.block[i], Content::data, grouped));
    if (ref.verified()) return ref;
    if (checksum(ref.bytes()) != map.checksum[i]) {
        ref.reset();
        TRY(store_->cache().drop(map.block[i]));
        return error(Error::io);
    }
    ref.set_verified();
    return ref;
}

Result<void> FileData::verify(const Chunk& map, std::uint32_t i) {
    const BlockRef ref = TRY(block(map, i));
    return {};
}

Result<void> FileData::read(const File& file, std::uint64_t offset, std::span<std::byte> into) {
    while (!into.empty()) {
        const Chunk& map = *TRY(find(file.number, offset / chunk_bytes));
        do {
            const auto i = static_cast<std::uint32_t>(offset % chunk_bytes / block_bytes);
            const auto at = static_cast<std::uint32_t>(offset % block_bytes);
            const std::size_t part = std::min<std::size_t>(into.size(), block_bytes - at);
            if (map.block[i] == 0) {
                std::ranges::fill(into.first(part), std::byte{0});
            } else {
                const BlockRef ref = TRY(block(map, i));
                std::ranges::copy(ref.bytes().subspan(at, part), into.begin());
            }
            into = into.subspan(part);
            offset += part;
        } while (!into.empty() && offset % chunk_bytes != 0);
    }
    return {};
}

// ---- placement

// Where the first block of a file goes; its directory remembers the group that it fills.
Result<BlockNumber> FileData::first_goal(const File& file, std::uint32_t count) {
    choice::Want want{.directory = file.parent(), .count = count};
    auto directory = file.parent() != 0 ? inodes_->load(file.parent())
                                        : Result<File>{error(Error::no_entry)};
    if (directory) {
        want.group = directory->body.home_group;
        if (const auto entry = store_->tree().find(file.at); entry && *entry) {
            want.near = entry->node.block();
        }
    } else {
        want.directory = 0;
    }
    const choice::Place place = store_->place(want);
    if (directory && place.group != directory->body.home_group) {
        directory->body.home_group = static_cast<BlockNumber>(place.group);
        TRY(inodes_->save(*directory));
    }
    return static_cast<BlockNumber>(place.block);
}

// Where block `i` of a chunk goes, the first of `count`.
Result<BlockNumber> FileData::goal(const File& file, std::uint64_t chunk, const Chunk& map,
                                   std::uint32_t i, std::uint32_t count) {
    BlockNumber after = 0;
    for (std::uint32_t j = i + 1; j-- > 0 && after == 0;) {
        if (map.block[j] != 0) after = map.block[j] + 1;
    }
    if (after == 0 && chunk == 0) return first_goal(file, count);
    if (after == 0) {
        const auto before = load(file.number, chunk - 1);
        for (std::uint32_t j = chunk_blocks; before && j-- > 0 && after == 0;) {
            if (before->block[j] != 0) after = before->block[j] + 1;
        }
    }
    return static_cast<BlockNumber>(store_->place({.after = after, .count = count}).block);
}

// ---- changes

// Block `i` as one that may be written: fresh, with its old content unless `whole`.
Result<BlockRef> FileData::own(File& file, Chunk& map, std::uint32_t i, bool whole,
                               BlockNumber goal) {
    SpaceMap& space = store_->space();
    const BlockNumber old = map.block[i];
    if (old != 0 && !space.content(old)) return error(Error::corrupt);
    if (old != 0 && space.fresh(old)) {
        if (whole) return store_->cache().make(old, Content::data);
        BlockRef ref = TRY(block(map, i));
        ref.set_dirty();
        return ref;
    }
    const auto found = space.allocate(goal);
    if (!found) return error(Error::no_space);
    store_->transaction().changed = true;
    BlockRef ref;
    if (old != 0 && !whole) ref = TRY(block(map, i));
    if (old != 0 && whole) ref = store_->cache().held(old);
    if (ref) {
        TRY(ref.move_to(*found));
        ref.set_verified();
    } else {
        ref = TRY(store_->cache().make(*found, Content::data));
    }
    map.block[i] = *found;
    if (old == 0) {
        ++file.body.blocks;
    } else {
        TRY(store_->release(old));
    }
    return ref;
}

Result<void> FileData::put(File& file, Chunk& map, std::uint32_t i, std::uint32_t at,
                           std::span<const std::byte> bytes, BlockNumber goal) {
    const bool whole = bytes.size() == block_bytes || map.block[i] == 0;
    const BlockRef ref = TRY(own(file, map, i, whole, goal));
    std::ranges::copy(bytes, ref.bytes().begin() + at);
    map.checksum[i] = checksum(ref.bytes());
    return {};
}

Result<void> FileData::zero(File& file, Chunk& map, std::uint32_t i, std::uint32_t from,
                            std::uint32_t to) {
    return put(file, map, i, from, std::span{zeros}.subspan(from, to - from), map.block[i]);
}

Result<void> FileData::free(File& file, Chunk& map, std::uint32_t i) {
    if (map.block[i] == 0) return {};
    store_->transaction().changed = true;
    TRY(store_->release(map.block[i]));
    map.block[i] = 0;
    if (file.body.blocks > 0) --file.body.blocks;
    return {};
}

Result<void> FileData::write(File& file, std::uint64_t offset, std::span<const std::byte> from) {
    const std::uint64_t index = offset / chunk_bytes;
    const auto begin = static_cast<std::uint32_t>(offset % chunk_bytes);
    const auto end = begin + static_cast<std::uint32_t>(from.size());
    Chunk map = TRY(load(file.number, index));
    // The edges are read first: what can fail for the device's sake fails before any change.
    BlockRef edges[2];
    const std::uint32_t first = begin / block_bytes;
    const std::uint32_t last = (end - 1) / block_bytes;
    if (map.block[first] != 0 && begin % block_bytes != 0) edges[0] = TRY(block(map, first));
    if (map.block[last] != 0 && end % block_bytes != 0) edges[1] = TRY(block(map, last));
    BlockNumber near = TRY(store_->acted(goal(file, index, map, first, last - first + 1)));
    for (std::uint32_t i = first; i <= last; ++i) {
        const std::uint32_t at = i == first ? begin % block_bytes : 0;
        const std::size_t part = std::min<std::size_t>(from.size(), block_bytes - at);
        TRY(store_->acted(put(file, map, i, at, from.first(part), near)));
        if (i == first) edges[0].reset();
        near = map.block[i] + 1;
        from = from.subspan(part);
    }
    edges[1].reset();
    file.body.size = std::max(file.body.size, index * chunk_bytes + end);
    return store_->acted(save(file.number, index, map));
}

Result<void> FileData::clear(File& file, std::uint64_t offset, std::uint64_t bytes) {
    const std::uint64_t index = offset / chunk_bytes;
    const auto begin = static_cast<std::uint32_t>(offset % chunk_bytes);
    const auto end = begin + static_cast<std::uint32_t>(bytes);
    Chunk map = TRY(load(file.number, index));
    const std::uint32_t first = begin / block_bytes;
    const std::uint32_t last = (end - 1) / block_bytes;
    if (map.block[first] != 0 && begin % block_bytes != 0) TRY(verify(map, first));
    if (map.block[last] != 0 && end % block_bytes != 0) TRY(verify(map, last));
    for (std::uint32_t i = first; i <= last; ++i) {
        if (map.block[i] == 0) continue;
        const std::uint32_t from = i == first ? begin % block_bytes : 0;
        const std::uint32_t to = i == last ? (end - 1) % block_bytes + 1 : block_bytes;
        const bool whole = from == 0 && to == block_bytes;
        TRY(store_->acted(whole ? free(file, map, i) : zero(file, map, i, from, to)));
    }
    return store_->acted(save(file.number, index, map));
}

Result<void> FileData::fill(File& file, std::uint64_t chunk, std::uint32_t first,
                            std::uint32_t last) {
    Chunk map = TRY(load(file.number, chunk));
    BlockNumber near = TRY(store_->acted(goal(file, chunk, map, first, last - first + 1)));
    for (std::uint32_t i = first; i <= last; ++i) {
        if (map.block[i] == 0) TRY(store_->acted(put(file, map, i, 0, zeros, near)));
        near = map.block[i] + 1;
    }
    return store_->acted(save(file.number, chunk, map));
}

Result<void> FileData::shorten(File& file, std::uint64_t size) {
    const std::uint64_t rest = size % chunk_bytes;
    std::uint64_t index = size / chunk_bytes;
    if (rest != 0) {
        Chunk map = TRY(load(file.number, index));
        const auto keep = static_cast<std::uint32_t>((rest + block_bytes - 1) / block_bytes);
        const std::uint32_t tail = static_cast<std::uint32_t>(rest) % block_bytes;
        if (tail != 0 && map.block[keep - 1] != 0) {
            TRY(verify(map, keep - 1));
            TRY(store_->acted(zero(file, map, keep - 1, tail, block_bytes)));
        }
        for (std::uint32_t i = keep; i < chunk_blocks; ++i) {
            TRY(store_->acted(free(file, map, i)));
        }
        TRY(store_->acted(save(file.number, index, map)));
        ++index;
    }
    for (;;) {
        const auto found = next_chunk(file.number, index);
        if (!found && found.error() == Error::no_entry) return {};
        const std::uint64_t chunk = TRY(store_->acted(found));
        Chunk map = TRY(store_->acted(load(file.number, chunk)));
        for (std::uint32_t i = 0; i < chunk_blocks; ++i) {
            TRY(store_->acted(free(file, map, i)));
        }
        forget(file.number, chunk);
        TRY(store_->acted(store_->tree().erase(key(file.number, ItemType::map, chunk))));
        index = chunk + 1;
    }
}

Result<void> FileData::remove(std::uint64_t number) {
    File all{.number = number, .at = {}, .offset = 0, .body = {}};
    TRY(store_->acted(shorten(all, 0)));
    for (Known& one : known_) {
        if (one.number == number) one.number = 0;
    }
    for (;;) {
        Key at;
        {
            const Item item = TRY(store_->acted(store_->tree().lower_bound(
                key(number, ItemType::inode), key(number, ItemType::map, Key::offset_max))));
            if (!item) return {};
            at = item.key;
        }
        TRY(store_->acted(store_->tree().erase(at)));
    }
}

Result<std::uint64_t> FileData::next_chunk(std::uint64_t number, std::uint64_t chunk) {
    const Item item = TRY(store_->tree().lower_bound(
        key(number, ItemType::map, chunk), key(number, ItemType::map, Key::offset_max)));
    if (!item) return error(Error::no_entry);
    return item.key.offset();
}

Result<std::uint32_t> FileData::mapped(const File& file, std::uint64_t chunk,
                                       std::uint32_t first, std::uint32_t last) {
    const Chunk& map = *TRY(find(file.number, chunk));
    std::uint32_t count = 0;
    for (std::uint32_t i = first; i <= last; ++i) count += map.block[i] != 0 ? 1 : 0;
    return count;
}

}  // namespace libos::fs::cofs

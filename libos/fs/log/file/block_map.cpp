#include "libos/fs/log/file/block_map.hpp"

#include "kernel/base/result.hpp"

namespace libos::fs::log {

namespace {

constexpr std::uint32_t slot_offset(std::uint32_t slot) {
    return static_cast<std::uint32_t>(sizeof(BlockHead)) + slot * 4;
}

// The first index of the tree with so many levels.
constexpr std::uint64_t tree_first(std::uint32_t levels) {
    std::uint64_t first = direct_slots;
    for (std::uint32_t l = 1; l < levels; ++l) first += covered(l);
    return first;
}

}  // namespace

Path path_to(std::uint64_t index) {
    Path path;
    if (index >= attributes_first) {
        const auto slot = static_cast<std::uint32_t>(index - attributes_first);
        path.inode_offset = attribute_slots_at + slot * 4;
        return path;
    }
    if (index < direct_slots) {
        path.inode_offset = content_at + static_cast<std::uint32_t>(index) * 4;
        return path;
    }
    path.levels = 1;
    while (path.levels < levels_max && index >= tree_first(path.levels + 1)) ++path.levels;
    path.inode_offset = content_at + (direct_slots + path.levels - 1) * 4;
    std::uint64_t rest = index - tree_first(path.levels);
    for (std::uint32_t l = path.levels; l > 0; --l) {
        path.first[l] = index - rest;
        path.slot[l] = static_cast<std::uint32_t>(rest / covered(l - 1));
        rest %= covered(l - 1);
    }
    return path;
}

Identity BlockMap::identity(const File& file, std::uint64_t index) {
    const bool records = index >= attributes_first || file.kind() == Kind::directory;
    return {records ? BlockKind::records : BlockKind::data, file.number, index};
}

Result<Address> BlockMap::address_at(const File& file, std::uint32_t offset) {
    if (file.node.embedded != 0 && offset >= content_at) return 0;
    return load<Address>(TRY(inodes_->block(file.number)), offset);
}

// The address of the block at level `down_to` on the path (0: the file's own); 0: none.
Result<Address> BlockMap::follow(const File& file, const Path& path, std::uint32_t down_to) {
    Address at = TRY(address_at(file, path.inode_offset));
    for (std::uint32_t l = path.levels; l > down_to && at != 0; --l) {
        const auto bytes =
            TRY(store_->read(at, {indirect_kind(l), file.number, path.first[l]}));
        at = load<Address>(bytes, slot_offset(path.slot[l]));
    }
    return at;
}

Result<Address> BlockMap::find(const File& file, std::uint64_t index) {
    if (index >= file_blocks_max && index < attributes_first) return error(Error::corrupt);
    return follow(file, path_to(index), 0);
}

Result<Address> BlockMap::find_indirect(const File& file, std::uint32_t level,
                                        std::uint64_t first) {
    if (first >= file_blocks_max) return error(Error::corrupt);
    const Path path = path_to(first);
    if (path.levels < level || path.first[level] != first) return error(Error::corrupt);
    return follow(file, path, level);
}

Result<std::optional<std::uint64_t>> BlockMap::next(const File& file, std::uint64_t index,
                                                    std::uint64_t end) {
    using Found = std::optional<std::uint64_t>;
    const bool attributes = index >= attributes_first;
    end = std::min(end, attributes ? attributes_first + attribute_slots : file_blocks_max);
    if (file.node.embedded != 0 && !attributes) return Found{};
    while (index < end) {
        const Path path = path_to(index);
        Address at = TRY(address_at(file, path.inode_offset));
        if (at == 0) {
            index = path.levels == 0 ? index + 1 : tree_first(path.levels) + covered(path.levels);
            continue;
        }
        bool here = true;
        for (std::uint32_t l = path.levels; l > 0 && here; --l) {
            const auto bytes =
                TRY(store_->read(at, {indirect_kind(l), file.number, path.first[l]}));
            std::uint32_t slot = path.slot[l];
            at = load<Address>(bytes, slot_offset(slot));
            while (at == 0 && ++slot < fan_out) at = load<Address>(bytes, slot_offset(slot));
            here = slot == path.slot[l];
            if (!here) index = path.first[l] + slot * covered(l - 1);
        }
        if (here) return Found{index};
    }
    return Found{};
}

// How many blocks own_path() would move, and one for the block that it is done for.
Result<std::uint32_t> BlockMap::missing(const File& file, const Path& path,
                                        std::uint32_t down_to) {
    const auto entry = store_->inodes().find(file.number);
    std::uint32_t count = entry && store_->writer().holds(entry->address) ? 1 : 2;
    Address at = TRY(address_at(file, path.inode_offset));
    for (std::uint32_t l = path.levels; l > down_to; --l) {
        if (at == 0) return count + l - down_to;
        if (!store_->writer().holds(at)) ++count;
        const auto bytes =
            TRY(store_->read(at, {indirect_kind(l), file.number, path.first[l]}));
        at = load<Address>(bytes, slot_offset(path.slot[l]));
    }
    return count;
}

// Moves the inode and the indirect blocks above level `down_to`; room is left for one block.
Result<BlockMap::Place> BlockMap::own_path(File& file, const Path& path, std::uint32_t down_to) {
    const std::uint32_t wanted = TRY(missing(file, path, down_to));
    if (wanted > store_->writer().room()) TRY(store_->reserve(path.levels + 2));
    static_cast<void>(TRY(inodes_->change(file.number)));
    Place place{0, path.inode_offset};
    for (std::uint32_t l = path.levels; l > down_to; --l) {
        const Address before = TRY(load_place(file, place));
        const Address after =
            TRY(store_->move(before, {indirect_kind(l), file.number, path.first[l]}));
        TRY(set(file, place, after));
        place = {after, slot_offset(path.slot[l])};
    }
    return place;
}

Result<Address> BlockMap::load_place(const File& file, const Place& place) {
    if (place.block == 0) return address_at(file, place.offset);
    return load<Address>(store_->writer().bytes(place.block), place.offset);
}

Result<void> BlockMap::set(const File& file, const Place& place, Address address) {
    const auto bytes = place.block == 0 ? TRY(inodes_->change(file.number))
                                        : store_->writer().bytes(place.block);
    store(bytes, place.offset, address);
    return {};
}

Result<std::span<std::byte>> BlockMap::change(File& file, std::uint64_t index, bool whole) {
    const Place place = TRY(own_path(file, path_to(index), 0));
    const Address before = TRY(load_place(file, place));
    const bool left = whole && before != 0 && !store_->writer().holds(before);
    if (left) TRY(store_->release(before));
    const Address after = TRY(store_->move(left ? 0 : before, identity(file, index)));
    TRY(set(file, place, after));
    if (before == 0) ++file.node.blocks;
    return store_->writer().bytes(after);
}

Result<void> BlockMap::move_indirect(File& file, std::uint32_t level, std::uint64_t first) {
    const Path path = path_to(first);
    static_cast<void>(TRY(own_path(file, path, level - 1)));
    return {};
}

Result<bool> BlockMap::clear(File& file, std::uint64_t index) {
    if (TRY(find(file, index)) == 0) return false;
    const Place place = TRY(own_path(file, path_to(index), 0));
    TRY(store_->release(TRY(load_place(file, place))));
    TRY(set(file, place, 0));
    if (file.node.blocks > 0) --file.node.blocks;
    return true;
}

}  // namespace libos::fs::log

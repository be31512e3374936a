#include "libos/fs/log/store/inode_map.hpp"

#include <cstring>

namespace libos::fs::log {

void InodeMap::build(const Geometry& geometry, std::span<MapEntry> entries,
                     std::span<Address> addresses, std::span<std::uint64_t> dirty) {
    geometry_ = geometry;
    entries_ = entries;
    addresses_ = addresses;
    dirty_ = dirty;
}

void InodeMap::clear() {
    for (MapEntry& entry : entries_) entry = {};
    for (std::uint64_t& word : dirty_) word = 0;
    dirty_count_ = 0;
    files_ = 0;
    hand_ = root_index;
}

void InodeMap::load(std::uint32_t block, std::span<const std::byte> bytes) {
    const std::uint32_t first = block * map_entries;
    const std::uint32_t count = std::min(map_entries, geometry_.inodes - first);
    std::memcpy(&entries_[first], bytes.data() + sizeof(BlockHead), count * sizeof(MapEntry));
}

void InodeMap::save(std::uint32_t block, std::span<std::byte> bytes) const {
    const std::uint32_t first = block * map_entries;
    const std::uint32_t count = std::min(map_entries, geometry_.inodes - first);
    std::memcpy(bytes.data() + sizeof(BlockHead), &entries_[first], count * sizeof(MapEntry));
}

Result<void> InodeMap::check() {
    files_ = 0;
    for (const MapEntry& entry : entries_) {
        if (entry.address == 0) continue;
        if (!geometry_.content(entry.address)) return error(Error::corrupt);
        ++files_;
    }
    if (entries_[0].address != 0) return error(Error::corrupt);
    return {};
}

std::optional<MapEntry> InodeMap::find(std::uint64_t number) const {
    const std::uint32_t index = index_of(number);
    if (index == 0 || index >= geometry_.inodes) return {};
    const MapEntry entry = entries_[index];
    if (entry.address == 0) return {};
    if ((entry.generation & ~orphan_bit) != generation_of(number)) return {};
    return entry;
}

std::optional<std::uint64_t> InodeMap::vacancy() {
    for (std::uint32_t i = 0; i < geometry_.inodes; ++i) {
        hand_ = hand_ + 1 < geometry_.inodes ? hand_ + 1 : root_index;
        if (entries_[hand_].address == 0) return number_of(hand_, entries_[hand_].generation);
    }
    return {};
}

void InodeMap::place(std::uint64_t number, Address address, bool orphan) {
    MapEntry& entry = entries_[index_of(number)];
    if (entry.address == 0) ++files_;
    entry = {address, generation_of(number) | (orphan ? orphan_bit : 0)};
    touch(index_of(number));
}

void InodeMap::set_orphan(std::uint64_t number, bool orphan) {
    MapEntry& entry = entries_[index_of(number)];
    entry.generation = generation_of(number) | (orphan ? orphan_bit : 0);
    touch(index_of(number));
}

void InodeMap::release(std::uint64_t number) {
    MapEntry& entry = entries_[index_of(number)];
    if (entry.address != 0) --files_;
    entry = {0, (generation_of(number) + 1) & ~orphan_bit};
    touch(index_of(number));
}

void InodeMap::mark(std::uint32_t block) {
    if (dirty(block)) return;
    dirty_[block / 64] |= std::uint64_t{1} << (block % 64);
    ++dirty_count_;
}

void InodeMap::clean(std::uint32_t block) {
    if (!dirty(block)) return;
    dirty_[block / 64] &= ~(std::uint64_t{1} << (block % 64));
    --dirty_count_;
}

}  // namespace libos::fs::log

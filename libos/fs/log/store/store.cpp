#include "libos/fs/log/store/store.hpp"

#include <cstring>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::log {

namespace {

using kernel::base::Arena;

/// Memory for a region, aligned for the tables in it.
struct alignas(8) RegionBlock {
    std::byte bytes[block_bytes];
};

constexpr std::size_t words(std::uint32_t bits) { return (bits + 63) / 64; }

std::size_t fixed_room(const Geometry& g) {
    return Arena::room<RegionBlock>(g.region_blocks) + Writer::room(g) +
           Arena::room<std::uint8_t>(g.segments) +
           Arena::room<std::uint64_t>(words(g.segments)) + Arena::room<MapEntry>(g.inodes) +
           Arena::room<std::uint64_t>(words(g.map_blocks));
}

}  // namespace

std::size_t Store::room(std::uint32_t blocks, std::uint32_t cached) {
    return fixed_room(Geometry::of(std::max(blocks, blocks_min))) +
           BlockCache::bytes(std::max(cached, cached_min), block_bytes);
}

Result<void> Store::build(std::span<std::byte> memory) {
    const std::uint32_t blocks = device_.blocks();
    if (blocks < blocks_min) return error(Error::invalid);
    geometry_ = Geometry::of(blocks);
    if (memory.size() < room(blocks, cached_min)) return error(Error::no_memory);
    // As many blocks as there is room for.
    std::uint32_t cached = cached_min;
    auto beyond = static_cast<std::uint32_t>(
        std::min<std::size_t>(memory.size() / block_bytes, std::size_t{cached_min} << 20)) + 1;
    while (beyond > cached + 1) {
        const std::uint32_t middle = cached + (beyond - cached) / 2;
        (room(blocks, middle) <= memory.size() ? cached : beyond) = middle;
    }
    Arena arena{memory};
    const auto region = arena.take<RegionBlock>(geometry_.region_blocks);
    region_ = std::as_writable_bytes(region);
    const auto usage = reinterpret_cast<Usage*>(region_.data() + geometry_.usage_at());
    const auto map = reinterpret_cast<Address*>(region_.data() + sizeof(RegionHead));
    segments_.build(geometry_, {usage, geometry_.segments},
                    arena.take<std::uint8_t>(geometry_.segments),
                    arena.take<std::uint64_t>(words(geometry_.segments)));
    inodes_.build(geometry_, arena.take<MapEntry>(geometry_.inodes), {map, geometry_.map_blocks},
                  arena.take<std::uint64_t>(words(geometry_.map_blocks)));
    whole_.device = &device_;
    cache_.emplace(whole_, arena, cached, choices_);
    writer_.build(arena, geometry_, device_, *cache_, segments_);
    return {};
}

Result<std::span<const std::byte>> Store::read(Address address, const Identity& identity) {
    if (!geometry_.content(address)) return error(Error::corrupt);
    if (writer_.holds(address)) {
        if (writer_.identity(address) != identity) return error(Error::corrupt);
        return writer_.bytes(address);
    }
    const std::uint64_t misses = cache_->misses();
    const std::span<const std::byte> bytes = TRY(cache_->read(address));
    if (!metadata(identity.kind)) return bytes;
    const auto head = load<BlockHead>(bytes);
    const bool good =
        head.magic == block_magic + static_cast<std::uint32_t>(identity.kind) &&
        head.number == identity.number && head.index == identity.index &&
        (cache_->misses() == misses || sealed(bytes));
    if (!good) return error(Error::corrupt);
    return bytes;
}

Result<void> Store::reserve(std::uint32_t blocks) {
    if (writer_.room() >= blocks && writer_.event_room() != 0) return {};
    TRY(writer_.close(false));
    while (writer_.room() < blocks) {
        // A segment's end: an empty write steps over it.
        TRY(writer_.skip());
    }
    return {};
}

Result<Address> Store::move(Address address, const Identity& identity) {
    if (address != 0 && writer_.holds(address)) {
        if (writer_.identity(address) != identity) return error(Error::corrupt);
        return address;
    }
    std::span<const std::byte> old;
    if (address != 0) {
        old = TRY(read(address, identity));
        TRY(segments_.remove(address));
    }
    const Address fresh = writer_.append(identity, age_.value_or(writer_.position().clock));
    if (!old.empty()) {
        std::memcpy(writer_.bytes(fresh).data(), old.data(), block_bytes);
        cache_->follow(address, fresh);
    }
    changed_ = true;
    return fresh;
}

Result<void> Store::release(Address address) {
    TRY(segments_.remove(address));
    if (writer_.holds(address)) {
        writer_.kill(address);
        cache_->drop(address);
    }
    changed_ = true;
    return {};
}

Result<void> Store::free_inode(std::uint64_t number) {
    const auto entry = inodes_.find(number);
    if (!entry) return error(Error::corrupt);
    TRY(reserve(0));
    TRY(release(entry->address));
    inodes_.release(number);
    writer_.note_freed(number);
    return {};
}

void Store::recount(std::span<const std::uint32_t> live) {
    for (std::uint32_t s = 0; s < geometry_.segments; ++s) {
        static_cast<void>(segments_.set(s, {live[s], segments_.usage(s).age}));
    }
    Position position = writer_.position();
    position.next = none;
    segments_.settle(position.segment, none);
    writer_.start(position, epoch_, salt_);
    changed_ = true;
}

std::uint64_t Store::growable() const {
    const std::uint64_t most = geometry_.live_max();
    return segments_.live() < most ? most - segments_.live() : 0;
}

std::uint64_t Store::log_floor() const {
    return 2 * std::uint64_t{geometry_.segment_blocks} + 4 * operation_blocks +
           2 * inodes_.dirty_count();
}

bool Store::ready(Effect effect, std::uint32_t blocks) const {
    const std::uint64_t floor = log_floor() + blocks + blocks / 8;
    const std::uint64_t kept = 2 * std::uint64_t{geometry_.segment_blocks} + operation_blocks;
    return writer_.log_room() >= floor + (effect == Effect::shrinks ? 0 : kept);
}

Result<void> Store::begin(bool goes_on) {
    if (failed_) return error(Error::io);
    if (fresh_) TRY(checkpoint());
    if (writer_.room() < 2 || writer_.event_room() < Writer::events_max / 2) {
        if (!goes_on && segments_.many_touched()) TRY(checkpoint());
        else TRY(writer_.close(!goes_on));
    }
    changed_ = true;
    return {};
}

Result<void> Store::commit() {
    if (failed_) return error(Error::io);
    if (segments_.many_touched()) return checkpoint();
    TRY(writer_.close(true));
    if (!writer_.unflushed() && !fresh_) return {};
    const auto flushed = device_.flush();
    if (!flushed) fail();
    writer_.flushed();
    return flushed;
}

}  // namespace libos::fs::log

/// Superblock and checkpoint regions: written and read.

#include <cstring>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"
#include "libos/fs/log/store/store.hpp"

namespace libos::fs::log {

namespace {

Superblock superblock_of(const Geometry& g, std::uint64_t salt) {
    return {superblock_magic, 0, format_version, salt, g.blocks, g.segment_blocks, g.segments,
            g.inodes};
}

std::uint32_t checksum_of(Superblock superblock) {
    superblock.checksum = 0;
    return checksum(std::as_bytes(std::span{&superblock, 1}));
}

// The checksum stands at byte 8 of a region.
std::uint32_t region_checksum(std::span<std::byte> region) {
    const auto kept = load<std::uint32_t>(region, 8);
    store(region, 8, std::uint32_t{0});
    const std::uint32_t sum = checksum(region);
    store(region, 8, kept);
    return sum;
}

}  // namespace

Result<void> Store::create(std::uint64_t salt) {
    failed_ = true;
    salt_ = salt;
    epoch_ = 0;
    std::memset(region_.data(), 0, region_.size());
    inodes_.clear();
    // What an older file system left is gone first: its regions must not be believed.
    for (std::uint64_t slot = 0; slot < 2; ++slot) {
        TRY(device_.write(geometry_.region(slot), region_));
    }
    TRY(device_.flush());
    Superblock superblock = superblock_of(geometry_, salt);
    superblock.checksum = checksum_of(superblock);
    const auto block = writer_.scratch().first(block_bytes);
    std::memset(block.data(), 0, block.size());
    store(block, 0, superblock);
    TRY(device_.write(0, block));
    TRY(device_.write(geometry_.blocks - 1, block));
    segments_.settle(0, 1);
    writer_.start({.segment = 0, .next = 1}, 0, salt);
    failed_ = false;
    fresh_ = false;
    changed_ = true;
    return {};
}

Result<void> Store::read_superblock() {
    const auto block = writer_.scratch().first(block_bytes);
    Error why = Error::corrupt;
    for (const Address at : {Address{0}, Address{geometry_.blocks - 1}}) {
        const auto got = device_.read(at, block);
        if (!got) {
            why = got.error();
            continue;
        }
        const auto superblock = load<Superblock>(block);
        const Superblock wanted = superblock_of(geometry_, superblock.salt);
        const bool good = superblock.magic == wanted.magic &&
                          superblock.version == wanted.version &&
                          superblock.blocks == wanted.blocks &&
                          superblock.segment_blocks == wanted.segment_blocks &&
                          superblock.segments == wanted.segments &&
                          superblock.inodes == wanted.inodes &&
                          superblock.checksum == checksum_of(superblock);
        if (!good) continue;
        salt_ = superblock.salt;
        return {};
    }
    return error(why);
}

// Its epoch; 0: it is none.
Result<std::uint64_t> Store::read_region(std::uint64_t slot) {
    TRY(device_.read(geometry_.region(slot), region_));
    const auto head = load<RegionHead>(region_);
    const Position& p = head.position;
    const bool good = head.magic == region_magic && head.version == format_version &&
                      head.salt == salt_ && head.epoch % 2 == slot &&
                      head.checksum == region_checksum(region_) &&
                      p.segment < geometry_.segments &&
                      (p.next < geometry_.segments || p.next == none) && p.next != p.segment &&
                      p.offset + 2 <= geometry_.segment_blocks &&
                      p.offset < geometry_.segment_blocks;
    return good ? head.epoch : 0;
}

Result<void> Store::open(std::uint32_t skip) {
    failed_ = true;
    cache_->forget();
    TRY(read_superblock());
    std::uint64_t epochs[2] = {};
    bool unreadable = false;
    for (std::uint64_t slot = 0; slot < 2; ++slot) {
        const auto epoch = read_region(slot);
        unreadable |= !epoch;
        epochs[slot] = epoch.value_or(0);
    }
    regions_good_ = (epochs[0] != 0 ? 1u : 0u) + (epochs[1] != 0 ? 1u : 0u);
    std::uint64_t slot = epochs[1] > epochs[0] ? 1 : 0;
    if (skip == 3) slot = 1 - slot;
    if (epochs[slot] == 0) return error(unreadable ? Error::io : Error::corrupt);
    epoch_ = TRY(read_region(slot));
    if (epoch_ == 0) return error(Error::io);
    TRY(segments_.check());
    const Position position = load<RegionHead>(region_).position;
    segments_.settle(position.segment, position.next);
    writer_.clear();
    TRY(load_map());
    gives_up_ = skip == 1;
    writer_.start(skip <= 1 ? TRY(roll_forward()) : position, epoch_, salt_);
    TRY(inodes_.check());
    age_.reset();
    failed_ = false;
    fresh_ = true;
    changed_ = false;
    return {};
}

Result<void> Store::load_map() {
    inodes_.clear();
    for (std::uint32_t b = 0; b < geometry_.map_blocks; ++b) {
        const Address address = inodes_.addresses()[b];
        if (address == 0) continue;
        inodes_.load(b, TRY(read(address, {BlockKind::map, 0, b})));
    }
    return {};
}

Result<void> Store::write_map() {
    for (std::uint32_t b = 0; b < geometry_.map_blocks; ++b) {
        if (!inodes_.dirty(b)) continue;
        TRY(reserve(1));
        Address& address = inodes_.addresses()[b];
        address = TRY(move(address, {BlockKind::map, 0, b}));
        inodes_.save(b, writer_.bytes(address));
        inodes_.clean(b);
    }
    // No commit: the region will say all that its usage events would.
    return writer_.close(false);
}

Result<void> Store::write_region() {
    const RegionHead head{region_magic, 0, format_version, salt_, epoch_, writer_.position()};
    store(region_, 0, head);
    store(region_, 8, region_checksum(region_));
    return device_.write(geometry_.region(epoch_), region_);
}

Result<void> Store::checkpoint() {
    if (failed_) return error(Error::io);
    TRY(writer_.close(!segments_.many_touched()));
    if (!changed_ && !fresh_ && !writer_.unflushed()) return {};
    ++epoch_;
    writer_.begin_epoch(epoch_);
    const auto written = [&]() -> Result<void> {
        TRY(write_map());
        TRY(device_.flush());
        TRY(write_region());
        return device_.flush();
    }();
    if (!written) {
        // A device that is read only has changed nothing, and is read on.
        if (written.error() != Error::read_only) fail();
        else --epoch_;
        return written;
    }
    writer_.flushed();
    segments_.settle(writer_.position().segment, writer_.position().next);
    writer_.find_next();
    fresh_ = false;
    changed_ = false;
    ++writer_.statistics().checkpoints;
    return {};
}

}  // namespace libos::fs::log

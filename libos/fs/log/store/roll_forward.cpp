/// Recovery: from the checkpoint on, write by write, up to the last one that says commit.
///
/// Twice: first to find that one, then to apply all up to it. Every write has a number that grows,
/// so no disk makes this endless.

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"
#include "libos/fs/log/store/store.hpp"

namespace libos::fs::log {

// What cannot be read may be a commit that was promised: no end of the log, unless all behind it is
// to be given up. False: it is.
Result<bool> Store::scan_read(Address at, std::span<std::byte> bytes) {
    const auto read = device_.read(at, bytes);
    if (read) return true;
    if (gives_up_) return false;
    return error(read.error());
}

// Reads the write that should stand at `position`, which then goes on behind it. False: none does.
Result<bool> Store::scan_write(Position& position, std::span<std::byte> bytes,
                               SummaryHead& head) {
    if (position.segment == none) return false;
    const Address at = geometry_.start(position.segment) + position.offset;
    if (!TRY(scan_read(at, bytes.first(block_bytes)))) return false;
    head = load<SummaryHead>(bytes);
    const bool good = head.magic == summary_magic && head.salt == salt_ &&
                      head.epoch == epoch_ && head.number == position.number &&
                      head.previous == position.previous && head.flags <= 3 &&
                      sealed(bytes.first(block_bytes)) &&
                      head.blocks <= writer_.capacity_max() &&
                      head.blocks + head.events <= summary_entries &&
                      head.blocks < geometry_.segment_blocks - position.offset &&
                      (head.next < geometry_.segments || head.next == none);
    if (!good) return false;
    const auto payload =
        bytes.subspan(block_bytes, std::size_t{head.blocks} * block_bytes);
    if (!payload.empty() && !TRY(scan_read(at + 1, payload))) return false;
    for (std::uint32_t i = 0; i < head.blocks; ++i) {
        const auto entry = load<SummaryEntry>(
            bytes, sizeof head + std::size_t{i} * sizeof(SummaryEntry));
        if (entry.checksum != checksum(payload.subspan(std::size_t{i} * block_bytes,
                                                       block_bytes))) {
            return false;
        }
    }
    position.previous = head.checksum;
    position.next = head.next;
    position.clock = head.clock + 1;
    ++position.number;
    position.offset += 1 + head.blocks;
    if ((head.flags & summary_last) == 0 &&
        geometry_.segment_blocks - position.offset >= tail_min) {
        return true;
    }
    // A segment that was not free is none that the log went on to.
    const bool follows =
        position.next != none && (segments_.free(position.next) ||
                                  position.next == load<RegionHead>(region_).position.next);
    position.segment = follows ? position.next : none;
    position.offset = 0;
    position.next = none;
    return true;
}

Result<void> Store::apply(std::span<const std::byte> bytes, const SummaryHead& head,
                          Address at) {
    for (std::uint32_t i = 0; i < std::uint32_t{head.blocks} + head.events; ++i) {
        const auto entry = load<SummaryEntry>(
            bytes, sizeof head + std::size_t{i} * sizeof(SummaryEntry));
        const auto kind = static_cast<BlockKind>(entry.kind);
        const bool block = i < head.blocks;
        const std::uint32_t index = index_of(entry.number);
        const bool numbered = index != 0 && index < geometry_.inodes &&
                              generation_of(entry.number) < orphan_bit;
        if (block && kind == BlockKind::inode) {
            if (!numbered) return error(Error::corrupt);
            const auto inode =
                load<Inode4k>(bytes, std::size_t{i + 1} * block_bytes);
            inodes_.place(entry.number, at + 1 + i, inode.links == 0);
        } else if (!block && kind == BlockKind::freed) {
            if (!numbered) return error(Error::corrupt);
            inodes_.release(entry.number);
        } else if (!block && kind == BlockKind::usage) {
            TRY(segments_.set(entry.number, {static_cast<std::uint32_t>(entry.index),
                                             static_cast<std::uint32_t>(entry.index >> 32)}));
        }
    }
    return {};
}

// `head` is that of the summary before it in the segment, or has no magic.
Result<std::uint32_t> Store::summary(std::uint32_t segment, std::uint32_t offset,
                                     SummaryHead& head) {
    const auto bytes = TRY(cache_->read(geometry_.start(segment) + offset));
    const auto found = load<SummaryHead>(bytes);
    const bool later = head.magic == 0 || found.epoch > head.epoch ||
                       (found.epoch == head.epoch && found.number > head.number);
    const bool good = found.magic == summary_magic && found.salt == salt_ && later &&
                      sealed(bytes) && found.blocks < geometry_.segment_blocks - offset &&
                      found.blocks <= summary_entries;
    if (!good) return none;
    head = found;
    return found.blocks;
}

Result<Position> Store::roll_forward() {
    const auto bytes = writer_.scratch();
    Position position = load<RegionHead>(region_).position;
    const std::uint32_t first = position.number;
    std::uint32_t committed = first;
    SummaryHead head;
    Position behind = position;
    while (TRY(scan_write(position, bytes, head))) {
        if ((head.flags & summary_commit) != 0) {
            committed = position.number;
            behind = position;
        }
    }
    position = load<RegionHead>(region_).position;
    if (committed == first) return position;
    while (position.number != committed) {
        segments_.use(position.segment);
        const Address at = geometry_.start(position.segment) + position.offset;
        if (!TRY(scan_write(position, bytes, head))) return error(Error::io);
        TRY(apply(bytes, head, at));
    }
    if (behind.segment == none) behind.segment = segments_.take().value_or(none);
    if (behind.segment == none) return error(Error::corrupt);
    segments_.use(behind.segment);
    if (behind.next != none) segments_.use(behind.next);
    return behind;
}

}  // namespace libos::fs::log

#pragma once

/// The log's tail: blocks get their addresses here, and leave in one write with their summary.
///
/// A block in the open write may be changed at will; once written it never changes. A write that
/// ends between two operations says `commit`; recovery goes back to the last such one.
///
/// Invariants: the open write's blocks lie one behind another in one segment, their summary in
/// front; while the log lives, a next segment is known, so that its summaries can say it.

#include <array>
#include <cstdint>
#include <span>

#include "kernel/base/arena.hpp"
#include "libos/fs/log/store/block_cache.hpp"
#include "libos/fs/log/store/segments.hpp"

namespace libos::fs::log {

/// Blocks since mount.
struct LogStatistics {
    std::uint64_t written = 0;  ///< of the log, summaries included
    std::uint64_t cleaned = 0;  ///< of these, by the cleaner
    std::uint64_t cleaner_read = 0;
    std::uint64_t cleaner_passes = 0;
    std::uint64_t checkpoints = 0;
};

class Writer {
public:
    static constexpr std::uint32_t payload_max = 120;  ///< blocks of one write
    static constexpr std::uint32_t events_max = summary_entries - payload_max;

    static std::size_t room(const Geometry& geometry);
    void build(kernel::base::Arena& arena, const Geometry& geometry, DeviceRef& device,
               BlockCache& cache, Segments& segments);

    /// Nothing is open, and close() has nowhere to write to.
    void clear();
    /// Goes on from there.
    void start(const Position& position, std::uint64_t epoch, std::uint64_t salt);
    /// A next segment, if there was none and one is free by now.
    void find_next();
    [[nodiscard]] const Position& position() const { return position_; }
    /// What is written from now on follows that checkpoint. Nothing is open.
    void begin_epoch(std::uint64_t epoch);

    /// Whether a block is in the open write: then it is changed where bytes() says.
    [[nodiscard]] bool holds(Address address) const {
        return address - first_ < count_;
    }
    [[nodiscard]] std::span<std::byte> bytes(Address address) {
        return block(1 + address - first_);
    }
    [[nodiscard]] const Identity& identity(Address address) const {
        return blocks_[address - first_];
    }

    /// Blocks that append() takes before the write must be closed.
    [[nodiscard]] std::uint32_t room() const { return capacity_ - count_; }
    [[nodiscard]] std::uint32_t capacity_max() const { return payload_max_; }
    /// A block of zeros with its head. room() is not 0. `age`: the log's clock at its last change.
    Address append(const Identity& identity, std::uint32_t age);
    /// A block of the open write is not wanted any more.
    void kill(Address address) { blocks_[address - first_].kind = BlockKind::dead; }
    /// An inode is no more. event_room() is not 0.
    void note_freed(std::uint64_t number) {
        events_[event_count_++] = {BlockKind::freed, number, 0};
    }
    [[nodiscard]] std::uint32_t event_room() const { return events_max - event_count_; }

    /// Writes the open write, if there is anything to say. What failed may be tried again.
    /// Error::io; Error::no_space: the log is full.
    Result<void> close(bool commit);
    /// Nothing is open: on to the next segment. Errors as close().
    Result<void> skip();
    /// Something was written since flushed().
    [[nodiscard]] bool unflushed() const { return unflushed_; }
    /// All of that is durable and consistent.
    void flushed() { unflushed_ = uncommitted_ = false; }
    /// Blocks that the log can still take, summaries included.
    [[nodiscard]] std::uint64_t log_room() const;
    [[nodiscard]] LogStatistics& statistics() { return statistics_; }
    void set_cleaning(bool cleaning) { cleaning_ = cleaning; }
    /// check()'s and recovery's: memory of payload_max + 1 blocks, while nothing is open.
    [[nodiscard]] std::span<std::byte> scratch() { return buffer_; }

private:
    [[nodiscard]] std::span<std::byte> block(std::uint32_t i) {
        return buffer_.subspan(std::size_t{i} * block_bytes, block_bytes);
    }
    void open();
    void advance(bool last);
    Result<void> write(std::uint32_t flags, std::uint32_t usages);
    std::uint32_t note_usage(bool& all);
    void seal(std::uint32_t flags);

    Geometry geometry_;
    DeviceRef* device_ = nullptr;
    BlockCache* cache_ = nullptr;
    Segments* segments_ = nullptr;
    Position position_;
    std::uint64_t epoch_ = 0;
    std::uint64_t salt_ = 0;
    Address first_ = 0;            ///< of the open write's blocks
    std::uint32_t count_ = 0;
    std::uint32_t capacity_ = 0;
    std::uint32_t payload_max_ = 0;
    std::uint32_t event_count_ = 0;
    bool uncommitted_ = false;     ///< the last write said no commit
    bool unflushed_ = false;
    bool cleaning_ = false;
    LogStatistics statistics_;
    std::array<Identity, payload_max> blocks_{};
    std::array<Identity, events_max> events_{};
    std::span<std::byte> buffer_;
};

/// Puts the checksum of a block whose head has one at byte 4.
void seal_block(std::span<std::byte> block);
/// Whether that checksum is right. Changes nothing.
bool sealed(std::span<const std::byte> block);

}  // namespace libos::fs::log

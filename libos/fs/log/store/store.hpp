#pragma once

/// Superblock, checkpoint regions, inode map, segments, tail and cache as one.
///
/// Commit: the open write, saying so; flush. Checkpoint: a commit, the inode map's changed blocks,
/// flush, the other region, flush. README.md says why either is safe.
///
/// Invariants: between operations everything is consistent, so that any may be followed by a
/// commit; an operation asks begin() for all the room that it may need before it changes anything.

#include <cstdint>
#include <optional>
#include <span>

#include "libos/fs/log/store/inode_map.hpp"
#include "libos/fs/log/store/writer.hpp"

namespace libos::fs::log {

/// What an operation leaves: less room; as good as the same; as much or more.
enum class Effect : std::uint8_t { grows, overwrites, shrinks };

class Store {
public:
    static constexpr std::uint32_t operation_blocks = 24;  ///< of metadata, at most
    static constexpr std::uint32_t cached_min = 32;

    explicit Store(DeviceRef device, const choice::CacheChoices& choices = {})
        : device_{device}, choices_{choices} {}
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Bytes of memory for a device of so many blocks and so many of them cached.
    static std::size_t room(std::uint32_t blocks, std::uint32_t cached);
    /// Error::invalid: the device is too small; Error::no_memory.
    Result<void> build(std::span<std::byte> memory);
    /// An empty log; nothing is durable before checkpoint().
    Result<void> create(std::uint64_t salt);
    /// The newest checkpoint, and every commit after it. Error::corrupt, Error::io. `skip`: see
    /// check(): 0 all of it, 1 the commits before a block that cannot be read, 2 without
    /// the commits, 3 the older checkpoint.
    Result<void> open(std::uint32_t skip = 0);

    /// Whether the log has room for an operation that may add so many live blocks.
    [[nodiscard]] bool ready(Effect effect, std::uint32_t blocks) const;
    /// An operation begins, or one that has begun goes on: there is room for it. Error::io.
    Result<void> begin(bool goes_on = false);
    /// Everything so far is durable when it returns.
    Result<void> commit();
    Result<void> checkpoint();
    /// What is in memory is broken, or it is unknown what the disk holds.
    void fail() { failed_ = true; }
    [[nodiscard]] bool failed() const { return failed_; }
    /// Passes `result` on; a half-way failure makes the store failed().
    template <class T>
    Result<T> acted(Result<T> result) {
        if (!result) fail();
        return result;
    }

    /// A block as it is now; metadata only if its head says what it should be. Good until the
    /// next call. Error::corrupt, Error::io.
    Result<std::span<const std::byte>> read(Address address, const Identity& identity);
    /// Room in the open write for so many blocks, and an event: nothing is closed until they are
    /// appended.
    Result<void> reserve(std::uint32_t blocks);
    /// A new place for the block at `address` (0: there was none), which is left if it was written:
    /// the address of bytes that may be changed. Room was reserved.
    Result<Address> move(Address address, const Identity& identity);
    /// The block is not used any more. Error::corrupt.
    Result<void> release(Address address);
    /// An inode's block is released, its number free.
    Result<void> free_inode(std::uint64_t number);

    /// The summary at `offset` of a segment, which follows the one in `head` (no magic: the
    /// first): how many blocks it speaks of; `none` where no summary follows. Error::io.
    Result<std::uint32_t> summary(std::uint32_t segment, std::uint32_t offset, SummaryHead& head);
    /// check()'s: what is live in each segment, counted anew.
    void recount(std::span<const std::uint32_t> live);

    /// What moves from now on is as old as that; the log's clock for none.
    void set_age(std::optional<std::uint32_t> age) { age_ = age; }

    [[nodiscard]] const Geometry& geometry() const { return geometry_; }
    [[nodiscard]] InodeMap& inodes() { return inodes_; }
    [[nodiscard]] Segments& segments() { return segments_; }
    [[nodiscard]] Writer& writer() { return writer_; }
    [[nodiscard]] DeviceRef& device() { return device_; }
    [[nodiscard]] BlockCache& cache() { return *cache_; }
    [[nodiscard]] std::uint64_t salt() const { return salt_; }
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
    /// No checkpoint was made since open().
    [[nodiscard]] bool fresh() const { return fresh_; }
    /// Good regions among the two, at the last open().
    [[nodiscard]] std::uint32_t regions_good() const { return regions_good_; }
    /// Live blocks that may be added.
    [[nodiscard]] std::uint64_t growable() const;
    /// The log's room that is left alone for checkpoints and operations that free.
    [[nodiscard]] std::uint64_t log_floor() const;

private:
    Result<void> read_superblock();
    Result<std::uint64_t> read_region(std::uint64_t slot);
    Result<void> load_map();
    Result<void> write_map();
    Result<void> write_region();
    Result<Position> roll_forward();
    Result<bool> scan_read(Address at, std::span<std::byte> bytes);
    Result<bool> scan_write(Position& position, std::span<std::byte> bytes, SummaryHead& head);
    Result<void> apply(std::span<const std::byte> bytes, const SummaryHead& head, Address at);

    DeviceRef device_;
    choice::CacheChoices choices_;
    Geometry geometry_;
    WholeBlocks whole_;
    std::optional<BlockCache> cache_;
    std::span<std::byte> region_;  ///< the next checkpoint's bytes; tables lie in it
    Segments segments_;
    InodeMap inodes_;
    Writer writer_;
    std::optional<std::uint32_t> age_;
    std::uint64_t salt_ = 0;
    std::uint64_t epoch_ = 0;
    std::uint32_t regions_good_ = 0;
    bool gives_up_ = false;  ///< what lies behind a block of the log that cannot be read
    bool fresh_ = true;
    bool changed_ = false;   ///< since the last checkpoint
    bool failed_ = true;     ///< until created or opened
};

}  // namespace libos::fs::log

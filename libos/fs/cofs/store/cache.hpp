#pragma once

/// Blocks in memory, by any replacement policy.
///
/// A dirty frame may be written at any time: under shadow paging it holds a fresh block, which
/// nothing durable refers to. So the cache is never full of what must not be written yet, and any
/// write-back policy is as safe as another.
///
/// Transfers are whole runs of an aligned group of 16 blocks (explicit grouping): a miss brings
/// its neighbours in use and what the read-ahead policy says, a write-out takes its dirty
/// neighbours along.
///
/// Invariants: a pinned frame stays where it is and is not written out by eviction; a frame is
/// `verified` once its checksum was seen to match, and frames made here are. A resident block is
/// known to the policy, unless it was its victim while it was pinned: then it comes back to it when
/// it is not pinned any more (`parked`).

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/arena.hpp"
#include "libos/fs/cache/block_names.hpp"
#include "libos/fs/cache/dirty_list.hpp"
#include "libos/fs/choice/choices.hpp"
#include "libos/fs/cofs/store/disk.hpp"
#include "libos/fs/cofs/store/space_map.hpp"

namespace libos::fs::cofs {

/// What a frame holds. raw: brought in with a neighbour, nobody asked for it yet.
enum class Content : std::uint8_t { raw, data, node };

class Cache;

/// A pinned frame; moves, and unpins at its end.
class BlockRef {
public:
    BlockRef() = default;
    BlockRef(Cache& cache, std::uint32_t frame);
    BlockRef(BlockRef&& other) noexcept
        : cache_{std::exchange(other.cache_, nullptr)}, frame_{other.frame_} {}
    BlockRef& operator=(BlockRef&& other) noexcept {
        std::swap(cache_, other.cache_);
        std::swap(frame_, other.frame_);
        return *this;
    }
    BlockRef(const BlockRef&) = delete;
    BlockRef& operator=(const BlockRef&) = delete;
    ~BlockRef() { reset(); }

    void reset();
    [[nodiscard]] explicit operator bool() const { return cache_ != nullptr; }
    [[nodiscard]] std::span<std::byte> bytes() const;
    [[nodiscard]] BlockNumber block() const;
    [[nodiscard]] bool verified() const;
    void set_verified() const;
    void set_dirty() const;
    /// The content moves to another block (a fresh one), and is dirty. Error::corrupt where that
    /// block is pinned: a damaged space map gave it out.
    [[nodiscard]] Result<void> move_to(BlockNumber block) const;

private:
    Cache* cache_ = nullptr;
    std::uint32_t frame_ = 0;
};

class Cache {
public:
    static constexpr std::uint32_t frames_min = 64;  ///< more than one operation ever pins

    /// Bytes of memory for so many frames: at least frames_min.
    static std::size_t room(std::uint32_t frames);

    void build(kernel::base::Arena& arena, std::uint32_t frames, Disk& disk,
               const SpaceMap& space, const choice::CacheChoices& choices);
    /// Forgets everything, dirty or not. Nothing may be pinned.
    void clear();

    /// Error::io from the device; Error::corrupt where the block is in use as the other content.
    /// `grouped`: its neighbours in its group are likely to be wanted too.
    Result<BlockRef> read(BlockNumber block, Content content, bool grouped = true);
    /// Data to be overwritten, where they are in memory and nobody uses them; else empty.
    BlockRef held(BlockNumber block);
    /// A block of zeros, dirty; what the cache knew of it is forgotten. Error::corrupt: pinned.
    Result<BlockRef> make(BlockNumber block, Content content);
    /// Forgets a block. Error::corrupt where it is pinned: a damaged disk uses it twice.
    Result<void> drop(BlockNumber block);
    /// Writes all that is dirty, upwards; what could not be written stays dirty. Nothing is pinned.
    Result<void> write_all();
    /// Writes what the write-back policy wants written by now. Nothing is pinned. Error::io.
    Result<void> settle();
    /// The clock that it goes by, in nanoseconds.
    void set_time(std::uint64_t now_ns) { now_ns_ = now_ns; }

private:
    friend class BlockRef;

    static constexpr std::uint32_t none = 0xffff'ffff;
    static constexpr std::uint32_t names_per_frame = 4;

    struct Frame {
        BlockNumber block = 0;
        std::uint32_t name = none;   ///< of the block; none: the frame is empty
        std::uint16_t pins = 0;
        Content content = Content::raw;
        bool verified = false;
        bool parked = false;
    };

    /// Blocks of one transfer.
    static constexpr std::uint32_t run_blocks(std::uint32_t frames) {
        const std::uint32_t some = frames / 4 < choice::window_max ? frames / 4
                                                                   : choice::window_max;
        return some < group_blocks ? group_blocks : some;
    }
    static constexpr policy::Config config(std::uint32_t frames) {
        return {.pages = frames * names_per_frame, .capacity = frames};
    }

    [[nodiscard]] std::span<std::byte> bytes(std::uint32_t frame) const {
        return memory_.subspan(std::size_t{frame} * block_bytes, block_bytes);
    }
    [[nodiscard]] std::uint32_t find(BlockNumber block) const {
        std::uint32_t& recent = recent_[block % recent_.size()];
        if (frames_[recent].block == block && frames_[recent].name != none) return recent;
        const std::uint32_t name = names_->find(block);
        const std::uint32_t frame = name == none ? none : names_->slot(name);
        if (frame != none) recent = frame;
        return frame;
    }
    void list(std::uint32_t frame);
    void unpinned(std::uint32_t frame);
    void rename(std::uint32_t frame, BlockNumber block);
    void vacate(std::uint32_t frame);
    Result<void> evict(std::uint32_t incoming);
    Result<std::uint32_t> admit(BlockNumber block);
    Result<void> write_run(std::uint32_t frame);
    Result<BlockNumber> write_upwards(std::uint32_t frame);
    Result<void> write(BlockNumber first, BlockNumber last);
    Result<void> sweep();
    Result<std::uint32_t> fetch(BlockNumber block, bool grouped);
    Result<std::uint32_t> fetch_one(BlockNumber block);
    void widen(BlockNumber& first, BlockNumber& last, bool grouped);
    [[nodiscard]] bool absent(BlockNumber block) const;
    [[nodiscard]] bool writable(BlockNumber block) const;

    Disk* disk_ = nullptr;
    const SpaceMap* space_ = nullptr;
    std::optional<cache::BlockNames> names_;
    std::optional<policy::AnyReplacement> policy_;
    choice::AnyWriteBack write_back_;
    choice::AnyReadAhead read_ahead_;
    cache::DirtyList dirty_;
    std::span<Frame> frames_;
    std::span<std::uint32_t> free_;
    std::span<std::uint32_t> order_;   ///< write_all()'s list
    std::span<std::byte> memory_;
    std::span<std::byte> staged_in_;   ///< one transfer
    std::span<std::byte> staged_out_;  ///< one transfer
    std::uint32_t free_count_ = 0;
    std::uint32_t listed_ = 0;         ///< frames that the policy knows
    BlockNumber arm_ = 0;              ///< behind the last block that a sweep wrote
    std::uint64_t now_ns_ = 0;
    mutable std::array<std::uint32_t, 256> recent_{};  ///< where a block was found last
    std::size_t until_tick_ = 0;       ///< references: an interval of the policy's clock
};

}  // namespace libos::fs::cofs

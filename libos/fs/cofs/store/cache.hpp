#pragma once

/// Blocks in memory, least recently used first out.
///
/// A dirty frame may be written at any time: under shadow paging it holds a fresh block, which
/// nothing durable refers to. So the cache is never full of what must not be written yet.
///
/// Transfers are whole runs of an aligned group of 16 blocks (explicit grouping): a miss brings
/// its neighbours in use, a write-out takes its dirty neighbours along.
///
/// Invariants: a pinned frame stays where it is and is not written out by eviction; a frame is
/// `verified` once its checksum was seen to match, and frames made here are.

#include <cstdint>
#include <span>
#include <utility>

#include "kernel/base/arena.hpp"
#include "libos/fs/device_ref.hpp"
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

    /// Bytes of memory for so many frames.
    static std::size_t room(std::uint32_t frames);

    void build(kernel::base::Arena& arena, std::uint32_t frames, DeviceRef& device,
               const SpaceMap& space);
    /// Forgets everything, dirty or not. Nothing may be pinned.
    void clear();

    /// Error::io from the device; Error::corrupt where the block is in use as the other content.
    Result<BlockRef> read(BlockNumber block, Content content);
    /// A block of zeros, dirty; what the cache knew of it is forgotten. Error::corrupt: pinned.
    Result<BlockRef> make(BlockNumber block, Content content);
    /// Forgets a block. Error::corrupt where it is pinned: a damaged disk uses it twice.
    Result<void> drop(BlockNumber block);
    /// Writes all that is dirty; what could not be written stays dirty. Nothing is pinned.
    Result<void> write_all();

private:
    friend class BlockRef;

    static constexpr std::uint32_t none = 0xffff'ffff;

    struct Frame {
        BlockNumber block = 0;       ///< 0: empty
        std::uint32_t newer = none;  ///< in order of use
        std::uint32_t older = none;
        std::uint32_t chain = none;  ///< of the hash bucket
        std::uint16_t pins = 0;
        Content content = Content::raw;
        bool dirty = false;
        bool verified = false;
    };

    [[nodiscard]] std::span<std::byte> bytes(std::uint32_t frame) const {
        return memory_.subspan(std::size_t{frame} * block_bytes, block_bytes);
    }
    std::uint32_t& bucket(BlockNumber block) {
        return buckets_[(block * 2654435761u) & (buckets_.size() - 1)];
    }
    [[nodiscard]] std::uint32_t find(BlockNumber block);
    void hash_in(std::uint32_t frame, BlockNumber block);
    void hash_out(std::uint32_t frame);
    void unlink(std::uint32_t frame);
    void make_newest(std::uint32_t frame);
    void empty(std::uint32_t frame);
    Result<std::uint32_t> take();
    Result<void> write_run(std::uint32_t frame);
    Result<std::uint32_t> fetch(BlockNumber block);
    Result<std::uint32_t> fetch_one(BlockNumber block);
    bool wanted(BlockNumber block, BlockNumber group);
    bool writable(BlockNumber block);

    DeviceRef* device_ = nullptr;
    const SpaceMap* space_ = nullptr;
    std::span<Frame> frames_;
    std::span<std::uint32_t> buckets_;
    std::span<std::byte> memory_;
    std::span<std::byte> staged_in_;   ///< one group
    std::span<std::byte> staged_out_;  ///< one group
    std::uint32_t newest_ = none;
    std::uint32_t oldest_ = none;
};

}  // namespace libos::fs::cofs

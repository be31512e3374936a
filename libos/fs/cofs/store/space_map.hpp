#pragma once

/// Which blocks are in use: now, and at the last commit.
///
/// Invariants: a block is given out only if it is free in both; a block that is used now and was
/// free at the last commit is `fresh`: nothing durable refers to it, so it may be written at will.

#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/arena.hpp"
#include "libos/fs/choice/allocation.hpp"
#include "libos/fs/cofs/layout.hpp"
#include "libos/fs/cofs/store/disk.hpp"

namespace libos::fs::cofs {

class SpaceMap {
public:
    static constexpr BlockNumber map_start(std::uint32_t blocks, std::uint64_t slot) {
        return superblock_places(blocks)[slot] + 1;
    }
    static constexpr BlockNumber data_start(std::uint32_t blocks) {
        return 2 + 2 * map_blocks(blocks);
    }

    /// Bytes of memory for a device of so many blocks.
    static std::size_t room(std::uint32_t blocks);

    /// An empty file system's: all free but superblocks and maps.
    void build(kernel::base::Arena& arena, std::uint32_t blocks);
    void clear();

    /// The map of commit `sequence`. Error::io: a checksum does not match; Error::corrupt.
    Result<void> load(Disk& disk, std::uint64_t sequence, std::span<std::byte> scratch);
    /// Writes what slot `sequence mod 2` lacks.
    Result<void> store(Disk& disk, std::uint64_t sequence, std::span<std::byte> scratch);
    /// Now is what is committed.
    void committed();

    /// A free block, at or after `goal` if there is one; it is used and fresh.
    std::optional<BlockNumber> allocate(BlockNumber goal);
    /// What an allocation policy looks at: the blocks that may be given out.
    [[nodiscard]] std::uint64_t begin() const { return data_start(blocks_); }
    [[nodiscard]] std::uint64_t end() const { return blocks_ - 2; }
    /// The next one that may be given out, at or behind `block`; end() if there is none.
    [[nodiscard]] std::uint64_t next_free(std::uint64_t block) const;
    /// The next one that may not, or `limit`.
    [[nodiscard]] std::uint64_t next_used(std::uint64_t block, std::uint64_t limit) const;
    /// False: it was free, or is not one that is ever given out.
    bool release(BlockNumber block);
    /// check()'s: marks it used. False: it was used.
    bool claim(BlockNumber block);

    [[nodiscard]] bool used(BlockNumber block) const { return bit(now_, block); }
    [[nodiscard]] bool fresh(BlockNumber block) const {
        return bit(now_, block) && !bit(last_, block);
    }
    /// May be given out.
    [[nodiscard]] bool open(BlockNumber block) const {
        return !bit(now_, block) && !bit(last_, block);
    }
    /// A block that may hold a node or data.
    [[nodiscard]] bool content(BlockNumber block) const {
        return block >= data_start(blocks_) && block < blocks_ - 2;
    }
    [[nodiscard]] std::uint32_t free_blocks() const { return free_; }
    [[nodiscard]] std::uint32_t available() const { return available_; }
    [[nodiscard]] std::uint32_t blocks() const { return blocks_; }

    /// How many blocks differ from `other`; this becomes `other`, as at a last commit.
    std::uint32_t become(const SpaceMap& other);

private:
    static bool bit(std::span<const std::uint64_t> bits, BlockNumber block) {
        return (bits[block / 64] >> (block % 64) & 1) != 0;
    }
    static void flip(std::span<std::uint64_t> bits, BlockNumber block) {
        bits[block / 64] ^= std::uint64_t{1} << (block % 64);
    }
    [[nodiscard]] std::optional<BlockNumber> find(std::uint32_t from_word,
                                                  std::uint32_t to_word,
                                                  std::uint64_t first_mask) const;
    void touch(BlockNumber block) { flags_[block / map_bits] |= stale_both | changed; }
    void reserve_ends();
    void count();

    static constexpr std::uint8_t stale_both = 3;  ///< bit s: slot s lacks this map block
    static constexpr std::uint8_t changed = 4;     ///< since the last commit

    std::span<std::uint64_t> now_;
    std::span<std::uint64_t> last_;
    std::span<std::uint8_t> flags_;  ///< of each map block
    std::uint32_t blocks_ = 0;
    std::uint32_t free_ = 0;
    std::uint32_t available_ = 0;  ///< free now and at the last commit
};

static_assert(choice::Space<const SpaceMap>);

}  // namespace libos::fs::cofs

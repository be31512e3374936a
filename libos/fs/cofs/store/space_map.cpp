#include "libos/fs/cofs/store/space_map.hpp"

#include <algorithm>
#include <bit>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::cofs {

namespace {

constexpr std::uint32_t map_magic = 0x504d4643;  // "CFMP"
constexpr std::uint32_t words_per_map = map_bits / 64;

struct MapHead {
    std::uint32_t magic = map_magic;
    std::uint32_t checksum = 0;  ///< of the block with 0 here
    std::uint32_t index = 0;
    std::uint32_t zero = 0;
    std::uint64_t sequence = 0;  ///< of the commit that wrote it
    std::uint64_t zeros = 0;
};
static_assert(sizeof(MapHead) == 32 && map_bits % 64 == 0);

std::uint32_t word_count(std::uint32_t blocks) { return (blocks + 63) / 64; }

// Bits that are 0. By hand: without the instruction, std::popcount is a call of the compiler's.
std::uint32_t zeros(std::uint64_t word) {
    std::uint64_t bits = ~word;
    bits -= bits >> 1 & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return static_cast<std::uint32_t>(bits * 0x0101010101010101 >> 56);
}

std::uint32_t sealed(std::span<std::byte> block, MapHead head) {
    head.checksum = 0;
    cofs::store(block, 0, head);
    return checksum(block);
}

}  // namespace

std::size_t SpaceMap::room(std::uint32_t blocks) {
    using kernel::base::Arena;
    return 2 * Arena::room<std::uint64_t>(word_count(blocks)) +
           Arena::room<std::uint8_t>(map_blocks(blocks));
}

void SpaceMap::build(kernel::base::Arena& arena, std::uint32_t blocks) {
    blocks_ = blocks;
    now_ = arena.take<std::uint64_t>(word_count(blocks));
    last_ = arena.take<std::uint64_t>(word_count(blocks));
    flags_ = arena.take<std::uint8_t>(map_blocks(blocks));
    clear();
}

void SpaceMap::clear() {
    std::ranges::fill(now_, 0);
    std::ranges::fill(flags_, static_cast<std::uint8_t>(stale_both | changed));
    reserve_ends();
    std::ranges::copy(now_, last_.begin());
    count();
}

void SpaceMap::reserve_ends() {
    for (BlockNumber b = 0; b < data_start(blocks_); ++b) {
        if (!bit(now_, b)) flip(now_, b);
    }
    for (std::uint64_t b = blocks_ - 2; b < std::uint64_t{word_count(blocks_)} * 64; ++b) {
        now_[b / 64] |= std::uint64_t{1} << (b % 64);
    }
}

void SpaceMap::count() {
    free_ = 0;
    available_ = 0;
    for (std::size_t w = 0; w < now_.size(); ++w) {
        free_ += zeros(now_[w]);
        available_ += zeros(now_[w] | last_[w]);
    }
}

Result<void> SpaceMap::load(Disk& disk, std::uint64_t sequence,
                            std::span<std::byte> scratch) {
    const BlockNumber start = map_start(blocks_, sequence % 2);
    for (std::uint32_t i = 0; i < map_blocks(blocks_); ++i) {
        TRY(disk.read(start + i, scratch));
        const auto head = cofs::load<MapHead>(scratch);
        if (sealed(scratch, head) != head.checksum) return error(Error::io);
        const bool good = head.magic == map_magic && head.index == i &&
                          head.sequence <= sequence && head.sequence % 2 == sequence % 2;
        if (!good) return error(Error::corrupt);
        const std::size_t first = std::size_t{i} * words_per_map;
        const std::size_t words = std::min<std::size_t>(words_per_map, now_.size() - first);
        std::memcpy(now_.data() + first, scratch.data() + sizeof head, words * 8);
        flags_[i] = static_cast<std::uint8_t>(stale_both & ~(1u << (sequence % 2)));
    }
    reserve_ends();
    std::ranges::copy(now_, last_.begin());
    count();
    return {};
}

Result<void> SpaceMap::store(Disk& disk, std::uint64_t sequence,
                             std::span<std::byte> scratch) {
    const auto slot = static_cast<std::uint8_t>(1u << (sequence % 2));
    const BlockNumber start = map_start(blocks_, sequence % 2);
    for (std::uint32_t i = 0; i < map_blocks(blocks_); ++i) {
        if ((flags_[i] & slot) == 0) continue;
        const std::size_t first = std::size_t{i} * words_per_map;
        const std::size_t words = std::min<std::size_t>(words_per_map, now_.size() - first);
        std::ranges::fill(scratch, std::byte{0});
        std::memcpy(scratch.data() + sizeof(MapHead), now_.data() + first, words * 8);
        MapHead head{.index = i, .sequence = sequence};
        head.checksum = sealed(scratch, head);
        cofs::store(scratch, 0, head);
        TRY(disk.write(start + i, scratch));
        flags_[i] &= static_cast<std::uint8_t>(~slot);
    }
    return {};
}

void SpaceMap::committed() {
    for (std::uint32_t i = 0; i < map_blocks(blocks_); ++i) {
        if ((flags_[i] & changed) == 0) continue;
        const std::size_t first = std::size_t{i} * words_per_map;
        const std::size_t words = std::min<std::size_t>(words_per_map, now_.size() - first);
        std::memcpy(last_.data() + first, now_.data() + first, words * 8);
        flags_[i] &= static_cast<std::uint8_t>(~changed);
    }
    available_ = free_;
}

std::optional<BlockNumber> SpaceMap::find(std::uint32_t from_word, std::uint32_t to_word,
                                          std::uint64_t first_mask) const {
    for (std::uint32_t w = from_word; w < to_word; ++w) {
        const std::uint64_t open = ~(now_[w] | last_[w]) & first_mask;
        first_mask = ~std::uint64_t{0};
        if (open != 0) return w * 64 + static_cast<std::uint32_t>(std::countr_zero(open));
    }
    return {};
}

std::optional<BlockNumber> SpaceMap::allocate(BlockNumber goal) {
    if (available_ == 0) return {};
    if (goal >= blocks_) goal = 0;
    const auto words = static_cast<std::uint32_t>(now_.size());
    auto found = find(goal / 64, words, ~std::uint64_t{0} << (goal % 64));
    if (!found) found = find(0, goal / 64 + 1, ~std::uint64_t{0});
    if (!found) return {};
    flip(now_, *found);
    touch(*found);
    --free_;
    --available_;
    return found;
}

std::uint64_t SpaceMap::next_free(std::uint64_t block) const {
    if (block >= end()) return end();
    const auto found = find(static_cast<std::uint32_t>(block / 64),
                            static_cast<std::uint32_t>(now_.size()),
                            ~std::uint64_t{0} << (block % 64));
    return found ? *found : end();
}

std::uint64_t SpaceMap::next_used(std::uint64_t block, std::uint64_t limit) const {
    while (block < limit) {
        const std::uint64_t taken = (now_[block / 64] | last_[block / 64]) >> (block % 64);
        if (taken != 0) {
            block += static_cast<std::uint64_t>(std::countr_zero(taken));
            break;
        }
        block = (block / 64 + 1) * 64;
    }
    return std::min(block, limit);
}

bool SpaceMap::release(BlockNumber block) {
    if (!content(block) || !used(block)) return false;
    flip(now_, block);
    touch(block);
    ++free_;
    if (!bit(last_, block)) ++available_;
    return true;
}

bool SpaceMap::claim(BlockNumber block) {
    if (!content(block) || used(block)) return false;
    flip(now_, block);
    touch(block);
    --free_;
    if (!bit(last_, block)) --available_;
    return true;
}

std::uint32_t SpaceMap::become(const SpaceMap& other) {
    std::uint32_t differ = 0;
    for (BlockNumber b = 0; b < blocks_; ++b) {
        if (used(b) == other.used(b)) continue;
        ++differ;
        flip(now_, b);
        touch(b);
    }
    std::ranges::copy(now_, last_.begin());
    count();
    return differ;
}

}  // namespace libos::fs::cofs

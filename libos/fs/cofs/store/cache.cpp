#include "libos/fs/cofs/store/cache.hpp"

#include <algorithm>
#include <bit>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/store/node.hpp"

namespace libos::fs::cofs {

BlockRef::BlockRef(Cache& cache, std::uint32_t frame) : cache_{&cache}, frame_{frame} {
    ++cache.frames_[frame].pins;
}

void BlockRef::reset() {
    if (cache_ == nullptr) return;
    CHITIN_ASSERT(cache_->frames_[frame_].pins > 0);
    --cache_->frames_[frame_].pins;
    cache_ = nullptr;
}

std::span<std::byte> BlockRef::bytes() const { return cache_->bytes(frame_); }
BlockNumber BlockRef::block() const { return cache_->frames_[frame_].block; }
bool BlockRef::verified() const { return cache_->frames_[frame_].verified; }
void BlockRef::set_verified() const { cache_->frames_[frame_].verified = true; }
void BlockRef::set_dirty() const { cache_->frames_[frame_].dirty = true; }

Result<void> BlockRef::move_to(BlockNumber block) const {
    TRY(cache_->drop(block));
    cache_->hash_out(frame_);
    cache_->hash_in(frame_, block);
    set_dirty();
    return {};
}

std::size_t Cache::room(std::uint32_t frames) {
    using kernel::base::Arena;
    return Arena::room<Frame>(frames) + Arena::room<std::uint32_t>(std::bit_ceil(frames)) +
           std::size_t{frames} * block_bytes + 2 * group_blocks * block_bytes + 64;
}

void Cache::build(kernel::base::Arena& arena, std::uint32_t frames, DeviceRef& device,
                  const SpaceMap& space) {
    CHITIN_ASSERT(frames >= frames_min);
    struct alignas(16) Line {
        std::byte bytes[16];
    };
    const auto bytes_of = [&arena](std::size_t size) {
        const auto lines = arena.take<Line>(size / sizeof(Line));
        return std::span{lines.data()->bytes, size};
    };
    device_ = &device;
    space_ = &space;
    frames_ = arena.take<Frame>(frames);
    buckets_ = arena.take<std::uint32_t>(std::bit_ceil(frames));
    memory_ = bytes_of(std::size_t{frames} * block_bytes);
    staged_in_ = bytes_of(group_blocks * block_bytes);
    staged_out_ = bytes_of(group_blocks * block_bytes);
    clear();
}

void Cache::clear() {
    std::ranges::fill(buckets_, none);
    newest_ = none;
    oldest_ = none;
    for (std::uint32_t i = 0; i < frames_.size(); ++i) {
        CHITIN_ASSERT(frames_[i].pins == 0);
        frames_[i] = Frame{};
        make_newest(i);
    }
}

std::uint32_t Cache::find(BlockNumber block) {
    std::uint32_t at = bucket(block);
    while (at != none && frames_[at].block != block) at = frames_[at].chain;
    return at;
}

void Cache::hash_in(std::uint32_t frame, BlockNumber block) {
    std::uint32_t& head = bucket(block);
    frames_[frame].block = block;
    frames_[frame].chain = head;
    head = frame;
}

void Cache::hash_out(std::uint32_t frame) {
    std::uint32_t* at = &bucket(frames_[frame].block);
    while (*at != frame) at = &frames_[*at].chain;
    *at = frames_[frame].chain;
    frames_[frame].block = 0;
}

void Cache::unlink(std::uint32_t frame) {
    Frame& f = frames_[frame];
    (f.newer == none ? newest_ : frames_[f.newer].older) = f.older;
    (f.older == none ? oldest_ : frames_[f.older].newer) = f.newer;
    f.newer = f.older = none;
}

void Cache::make_newest(std::uint32_t frame) {
    Frame& f = frames_[frame];
    f.newer = none;
    f.older = newest_;
    (newest_ == none ? oldest_ : frames_[newest_].newer) = frame;
    newest_ = frame;
}

void Cache::empty(std::uint32_t frame) {
    Frame& f = frames_[frame];
    if (f.block != 0) hash_out(frame);
    f.content = Content::raw;
    f.dirty = false;
    f.verified = false;
}

// An empty frame, the newest; in no bucket yet.
Result<std::uint32_t> Cache::take() {
    std::uint32_t at = oldest_;
    while (at != none && frames_[at].pins > 0) at = frames_[at].newer;
    if (at == none) return error(Error::no_memory);
    if (frames_[at].dirty) TRY(write_run(at));
    empty(at);
    unlink(at);
    make_newest(at);
    return at;
}

bool Cache::writable(BlockNumber block) {
    const std::uint32_t at = find(block);
    return at != none && frames_[at].dirty && frames_[at].pins == 0;
}

// Writes the frame and the dirty frames before and behind it in its group.
Result<void> Cache::write_run(std::uint32_t frame) {
    const BlockNumber group = frames_[frame].block / group_blocks * group_blocks;
    BlockNumber first = frames_[frame].block;
    BlockNumber last = first;
    while (first > group && first > 1 && writable(first - 1)) --first;
    while (last + 1 < group + group_blocks && writable(last + 1)) ++last;
    for (BlockNumber b = first; b <= last; ++b) {
        const std::uint32_t at = find(b);
        if (frames_[at].content == Content::node) Node{bytes(at)}.seal();
        std::ranges::copy(bytes(at), staged_out_.begin() + (b - first) * block_bytes);
    }
    TRY(device_->write(first, staged_out_.first((last - first + 1) * block_bytes)));
    for (BlockNumber b = first; b <= last; ++b) frames_[find(b)].dirty = false;
    return {};
}

Result<void> Cache::write_all() {
    for (std::uint32_t i = 0; i < frames_.size(); ++i) {
        CHITIN_ASSERT(frames_[i].pins == 0);
        if (frames_[i].dirty) TRY(write_run(i));
    }
    return {};
}

Result<std::uint32_t> Cache::fetch_one(BlockNumber block) {
    const auto frame = TRY(take());
    TRY(device_->read(block, bytes(frame)));
    hash_in(frame, block);
    return frame;
}

// A neighbour worth bringing in: in use, of the same group, and not here.
bool Cache::wanted(BlockNumber block, BlockNumber group) {
    return block >= group && block < group + group_blocks && space_->content(block) &&
           space_->used(block) && find(block) == none;
}

Result<std::uint32_t> Cache::fetch(BlockNumber block) {
    const BlockNumber group = block / group_blocks * group_blocks;
    BlockNumber first = block;
    BlockNumber last = block;
    if (frames_.size() >= 2 * frames_min) {
        while (wanted(first - 1, group)) --first;
        while (wanted(last + 1, group)) ++last;
    }
    if (first == last) return fetch_one(block);
    const auto in = staged_in_.first((last - first + 1) * block_bytes);
    if (!device_->read(first, in)) return fetch_one(block);
    std::uint32_t asked = none;
    for (BlockNumber b = first; b <= last; ++b) {
        const auto frame = take();
        if (!frame && b <= block) return fetch_one(block);
        if (!frame) break;
        std::ranges::copy(in.subspan((b - first) * block_bytes, block_bytes),
                          bytes(*frame).begin());
        hash_in(*frame, b);
        if (b == block) asked = *frame;
    }
    return asked;
}

Result<BlockRef> Cache::read(BlockNumber block, Content content) {
    if (!space_->content(block)) return error(Error::corrupt);
    std::uint32_t frame = find(block);
    if (frame == none) frame = TRY(fetch(block));
    Frame& f = frames_[frame];
    if (f.content == Content::raw) f.content = content;
    if (f.content != content) return error(Error::corrupt);
    unlink(frame);
    make_newest(frame);
    return BlockRef{*this, frame};
}

Result<BlockRef> Cache::make(BlockNumber block, Content content) {
    TRY(drop(block));
    const auto frame = TRY(take());
    hash_in(frame, block);
    std::ranges::fill(bytes(frame), std::byte{0});
    Frame& f = frames_[frame];
    f.content = content;
    f.dirty = true;
    f.verified = true;
    return BlockRef{*this, frame};
}

Result<void> Cache::drop(BlockNumber block) {
    const std::uint32_t frame = find(block);
    if (frame == none) return {};
    if (frames_[frame].pins > 0) return error(Error::corrupt);
    empty(frame);
    return {};
}

}  // namespace libos::fs::cofs

#include "libos/fs/cofs/store/cache.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/store/node.hpp"

namespace libos::fs::cofs {

using policy::PageId;

BlockRef::BlockRef(Cache& cache, std::uint32_t frame) : cache_{&cache}, frame_{frame} {
    ++cache.frames_[frame].pins;
}

void BlockRef::reset() {
    if (cache_ == nullptr) return;
    CHITIN_ASSERT(cache_->frames_[frame_].pins > 0);
    if (--cache_->frames_[frame_].pins == 0) cache_->unpinned(frame_);
    cache_ = nullptr;
}

std::span<std::byte> BlockRef::bytes() const { return cache_->bytes(frame_); }
BlockNumber BlockRef::block() const { return cache_->frames_[frame_].block; }
bool BlockRef::verified() const { return cache_->frames_[frame_].verified; }
void BlockRef::set_verified() const { cache_->frames_[frame_].verified = true; }
void BlockRef::set_dirty() const { cache_->dirty_.add(frame_, cache_->now_ns_); }

Result<void> BlockRef::move_to(BlockNumber block) const {
    TRY(cache_->drop(block));
    cache_->rename(frame_, block);
    set_dirty();
    return {};
}

std::size_t Cache::room(std::uint32_t frames) {
    using kernel::base::Arena;
    return Arena::room<Frame>(frames) + 2 * Arena::room<std::uint32_t>(frames) +
           cache::BlockNames::bytes(frames * names_per_frame) + cache::DirtyList::bytes(frames) +
           policy::AnyReplacement::bytes(config(frames)) +
           (std::size_t{frames} + 2 * run_blocks(frames)) * block_bytes + 64;
}

void Cache::build(kernel::base::Arena& arena, std::uint32_t frames, Disk& disk,
                  const SpaceMap& space, const choice::CacheChoices& choices) {
    CHITIN_ASSERT(frames >= frames_min);
    struct alignas(16) Line {
        std::byte bytes[16];
    };
    const auto bytes_of = [&arena](std::size_t size) {
        const auto lines = arena.take<Line>(size / sizeof(Line));
        return std::span{lines.data()->bytes, size};
    };
    disk_ = &disk;
    space_ = &space;
    names_.emplace(arena, frames * names_per_frame);
    policy_.emplace(arena, config(frames), choices.replacement);
    write_back_ = choice::AnyWriteBack{choices.write_back, choices.settings};
    read_ahead_ = choice::AnyReadAhead{choices.read_ahead};
    dirty_ = cache::DirtyList{arena, frames};
    frames_ = arena.take<Frame>(frames);
    free_ = arena.take<std::uint32_t>(frames);
    order_ = arena.take<std::uint32_t>(frames);
    memory_ = bytes_of(std::size_t{frames} * block_bytes);
    staged_in_ = bytes_of(run_blocks(frames) * block_bytes);
    staged_out_ = bytes_of(run_blocks(frames) * block_bytes);
    for (std::uint32_t i = 0; i < frames; ++i) free_[free_count_++] = frames - 1 - i;
}

void Cache::clear() {
    for (std::uint32_t i = 0; i < frames_.size(); ++i) {
        CHITIN_ASSERT(frames_[i].pins == 0);
        if (frames_[i].name != none) vacate(i);
    }
}

// ---- which frames hold what

// The policy knows the frame's block from now on.
void Cache::list(std::uint32_t frame) {
    Frame& f = frames_[frame];
    f.parked = false;
    ++listed_;
    policy_->insert(PageId{f.name}, {.write = dirty_.holds(frame)});
}

void Cache::unpinned(std::uint32_t frame) {
    if (frames_[frame].parked) list(frame);
}

// The content moves on; for the policy it is the same page, written once more.
void Cache::rename(std::uint32_t frame, BlockNumber block) {
    Frame& f = frames_[frame];
    names_->move(f.name, block);
    f.block = block;
    if (!f.parked) policy_->hit(PageId{f.name}, {.write = true});
}

void Cache::vacate(std::uint32_t frame) {
    Frame& f = frames_[frame];
    if (!f.parked) {
        policy_->remove(PageId{f.name});
        --listed_;
    }
    names_->set_slot(f.name, none);
    dirty_.remove(frame);
    f = Frame{};
    free_[free_count_++] = frame;
}

// Makes a frame free. Error::no_memory: all are pinned.
Result<void> Cache::evict(std::uint32_t incoming) {
    while (listed_ > 0) {
        const PageId victim = policy_->evict(PageId{incoming});
        --listed_;
        const std::uint32_t frame = names_->slot(policy::position(victim));
        CHITIN_ASSERT(frame != none);
        frames_[frame].parked = true;
        if (frames_[frame].pins > 0) continue;
        if (dirty_.holds(frame)) {
            const auto written = write_run(frame);
            if (!written) {
                list(frame);
                return written;
            }
        }
        vacate(frame);
        return {};
    }
    return error(Error::no_memory);
}

// A frame for a block that has none; its bytes are whatever they were.
Result<std::uint32_t> Cache::admit(BlockNumber block) {
    std::uint32_t name = names_->find(block);
    if (name == none) name = names_->give(block);
    if (free_count_ == 0) TRY(evict(name));
    const std::uint32_t frame = free_[--free_count_];
    frames_[frame].block = block;
    frames_[frame].name = name;
    names_->set_slot(name, frame);
    list(frame);
    return frame;
}

// ---- writing

bool Cache::writable(BlockNumber block) const {
    const std::uint32_t at = find(block);
    return at != none && dirty_.holds(at) && frames_[at].pins == 0;
}

// Dirty blocks, at once.
Result<void> Cache::write(BlockNumber first, BlockNumber last) {
    for (BlockNumber b = first; b <= last; ++b) {
        const std::uint32_t at = find(b);
        if (frames_[at].content == Content::node) Node{bytes(at)}.seal();
        std::ranges::copy(bytes(at), staged_out_.begin() + (b - first) * block_bytes);
    }
    TRY(disk_->write(first, staged_out_.first((last - first + 1) * block_bytes)));
    for (BlockNumber b = first; b <= last; ++b) dirty_.remove(find(b));
    return {};
}

// The frame and the dirty frames before and behind it in its group.
Result<void> Cache::write_run(std::uint32_t frame) {
    const BlockNumber group = frames_[frame].block / group_blocks * group_blocks;
    BlockNumber first = frames_[frame].block;
    BlockNumber last = first;
    while (first > group && first > 1 && writable(first - 1)) --first;
    while (last + 1 < group + group_blocks && writable(last + 1)) ++last;
    return write(first, last);
}

// The frame and the dirty frames behind it: the block behind the last of them.
Result<BlockNumber> Cache::write_upwards(std::uint32_t frame) {
    const BlockNumber first = frames_[frame].block;
    const auto most = static_cast<BlockNumber>(staged_out_.size() / block_bytes);
    BlockNumber last = first;
    while (last + 1 - first < most && writable(last + 1)) ++last;
    TRY(write(first, last));
    return last + 1;
}

Result<void> Cache::write_all() {
    std::uint32_t count = 0;
    for (std::uint32_t at = dirty_.oldest(); at != none; at = dirty_.newer(at)) {
        CHITIN_ASSERT(frames_[at].pins == 0);
        order_[count++] = at;
    }
    const auto sorted = order_.first(count);
    std::sort(sorted.begin(), sorted.end(), [this](std::uint32_t left, std::uint32_t right) {
        return frames_[left].block < frames_[right].block;
    });
    for (const std::uint32_t frame : sorted) {
        if (dirty_.holds(frame)) TRY(write_upwards(frame));
    }
    return {};
}

// The next dirty block upwards of where the last sweep ended, round the end.
Result<void> Cache::sweep() {
    std::uint32_t above = none;
    std::uint32_t lowest = none;
    for (std::uint32_t at = dirty_.oldest(); at != none; at = dirty_.newer(at)) {
        const BlockNumber block = frames_[at].block;
        if (lowest == none || block < frames_[lowest].block) lowest = at;
        if (block < arm_) continue;
        if (above == none || block < frames_[above].block) above = at;
    }
    arm_ = TRY(write_upwards(above != none ? above : lowest));
    return {};
}

Result<void> Cache::settle() {
    while (dirty_.count() != 0 && write_back_.due(dirty_.state(now_ns_))) {
        if (write_back_.order() == choice::Order::place) {
            TRY(sweep());
        } else {
            TRY(write_run(dirty_.oldest()));
        }
    }
    return {};
}

// ---- reading

Result<std::uint32_t> Cache::fetch_one(BlockNumber block) {
    const auto frame = TRY(admit(block));
    if (const auto read = disk_->read(block, bytes(frame)); !read) {
        vacate(frame);
        return error(read.error());
    }
    return frame;
}

bool Cache::absent(BlockNumber block) const {
    return space_->content(block) && find(block) == none;
}

// Adds what else is worth bringing in: what is in use of the same group, and what the policy says.
void Cache::widen(BlockNumber& first, BlockNumber& last, bool grouped) {
    const BlockNumber group = first / group_blocks * group_blocks;
    const auto wanted = [&](BlockNumber b) {
        return b >= group && b < group + group_blocks && absent(b) && space_->used(b);
    };
    while (grouped && wanted(first - 1)) --first;
    while (grouped && wanted(last + 1)) ++last;
    const choice::Window window = read_ahead_.plan(first, last + 1);
    if (window.count == 0 || window.first > last + 1) return;
    const std::uint64_t end = window.first + window.count;
    const auto most = static_cast<BlockNumber>(staged_in_.size() / block_bytes);
    while (last + 1 < end && last + 1 - first < most && absent(last + 1)) ++last;
    while (first > window.first && last + 1 - first < most && absent(first - 1)) --first;
}

// The block that was asked for comes last: no policy takes it away for its neighbours.
Result<std::uint32_t> Cache::fetch(BlockNumber block, bool grouped) {
    BlockNumber first = block;
    BlockNumber last = block;
    if (frames_.size() >= 2 * frames_min) widen(first, last, grouped);
    if (first == last) return fetch_one(block);
    const auto in = staged_in_.first((last - first + 1) * block_bytes);
    if (!disk_->read(first, in)) return fetch_one(block);
    const auto bring = [&](BlockNumber b) -> Result<std::uint32_t> {
        const auto frame = TRY(admit(b));
        std::ranges::copy(in.subspan((b - first) * block_bytes, block_bytes),
                          bytes(frame).begin());
        return frame;
    };
    for (BlockNumber b = first; b <= last; ++b) {
        if (b != block && !bring(b)) break;
    }
    return bring(block);
}

Result<BlockRef> Cache::read(BlockNumber block, Content content, bool grouped) {
    if (!space_->content(block)) return error(Error::corrupt);
    if (until_tick_-- == 0) {
        policy_->tick();
        until_tick_ = frames_.size() - 1;
    }
    std::uint32_t frame = find(block);
    if (frame == none) {
        frame = TRY(fetch(block, grouped));
    } else if (!frames_[frame].parked) {
        policy_->hit(PageId{frames_[frame].name}, {});
    }
    Frame& f = frames_[frame];
    if (f.content == Content::raw) f.content = content;
    if (f.content != content) return error(Error::corrupt);
    return BlockRef{*this, frame};
}

BlockRef Cache::held(BlockNumber block) {
    const std::uint32_t frame = find(block);
    if (frame == none || frames_[frame].pins > 0) return {};
    Frame& f = frames_[frame];
    if (f.content == Content::node) return {};
    f.content = Content::data;
    return BlockRef{*this, frame};
}

Result<BlockRef> Cache::make(BlockNumber block, Content content) {
    TRY(drop(block));
    const auto frame = TRY(admit(block));
    std::ranges::fill(bytes(frame), std::byte{0});
    frames_[frame].content = content;
    frames_[frame].verified = true;
    dirty_.add(frame, now_ns_);
    return BlockRef{*this, frame};
}

Result<void> Cache::drop(BlockNumber block) {
    const std::uint32_t frame = find(block);
    if (frame == none) return {};
    if (frames_[frame].pins > 0) return error(Error::corrupt);
    vacate(frame);
    return {};
}

}  // namespace libos::fs::cofs

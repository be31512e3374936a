#include "libos/fs/cofs/store/store.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::cofs {

namespace {

std::uint32_t checksum_of(Superblock superblock) {
    superblock.checksum = 0;
    return checksum(std::as_bytes(std::span{&superblock, 1}));
}

// A block with a superblock, and the list behind it.
bool whole(std::span<const std::byte> block) {
    const auto superblock = cofs::load<Superblock>(block);
    if (superblock.magic != superblock_magic || superblock.checksum != checksum_of(superblock) ||
        superblock.listed > listed_max) {
        return false;
    }
    const auto list = block.subspan(list_offset, superblock.listed * sizeof(Written));
    return superblock.listed == 0 || superblock.list_checksum == checksum(list);
}

}  // namespace

std::size_t Store::room(std::uint32_t blocks, std::uint32_t frames) {
    return Disk::room() + SpaceMap::room(blocks) + Cache::room(frames) + scratch_bytes + 64;
}

Result<void> Store::build(std::span<std::byte> memory) {
    const std::uint32_t blocks = disk_.blocks();
    if (blocks < blocks_min) return error(Error::invalid);
    if (memory.size() < room(blocks, Cache::frames_min)) return error(Error::no_memory);
    // As many frames as there is room for.
    std::uint32_t frames = Cache::frames_min;
    auto beyond = static_cast<std::uint32_t>(
        std::min<std::size_t>(memory.size() / block_bytes, blocks)) + 1;
    while (beyond > frames + 1) {
        const std::uint32_t middle = frames + (beyond - frames) / 2;
        (room(blocks, middle) <= memory.size() ? frames : beyond) = middle;
    }
    kernel::base::Arena arena{memory};
    disk_.build(arena);
    space_.build(arena, blocks);
    cache_.build(arena, frames, disk_, space_, options_.cache);
    tree_.build(cache_, space_, transaction_);
    scratch_ = arena.take<std::byte>(scratch_bytes);
    return {};
}

Result<void> Store::create(std::uint64_t salt) {
    cache_.clear();
    tree_.forget();
    space_.clear();
    const std::uint32_t blocks = disk_.blocks();
    std::ranges::fill(scratch_, std::byte{0});
    for (const std::uint64_t slot : {0, 1}) TRY(write_slot(slot));
    TRY(disk_.flush());
    rejected_ = 0;
    superblock_ = Superblock{.magic = superblock_magic,
                             .version = format_version,
                             .root = {},
                             .blocks = blocks,
                             .map_blocks = map_blocks(blocks),
                             .salt = salt};
    transaction_ = Transaction{
        .sequence = 1, .root = {}, .next_inode = root_number, .files = 0, .changed = false};
    failed_ = false;
    return acted(tree_.create());
}

// ---- superblocks

// The newest commit of which everything arrived. The one before it was flushed before it began, so
// that its own list need not be looked at.
Result<Superblock> Store::newest() {
    const auto places = superblock_places(disk_.blocks());
    std::array<Superblock, 4> found;
    bool unreadable = false;
    superblocks_good_ = 0;
    rejected_ = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (!disk_.read(places[i], scratch_)) {
            unreadable = true;
        } else if (whole(scratch_)) {
            found[i] = cofs::load<Superblock>(scratch_);
            ++superblocks_good_;
        }
    }
    for (;;) {
        const auto best = std::ranges::max_element(found, [](const auto& one, const auto& other) {
            return one.sequence != other.sequence ? one.sequence < other.sequence
                                                  : one.listed != 0 && other.listed == 0;
        });
        if (best->sequence == 0) return error(unreadable ? Error::io : Error::corrupt);
        if (best->listed == 0 || rejected_ != 0 || arrived(places[best - found.begin()])) {
            return *best;
        }
        rejected_ = best->sequence;
        for (Superblock& one : found) {
            if (one.sequence == rejected_) one = {};
        }
    }
}

// What the superblock at `at` lists is on the disk.
bool Store::arrived(BlockNumber at) {
    if (!disk_.read(at, scratch_) || !whole(scratch_)) return false;
    const std::size_t bytes = cofs::load<Superblock>(scratch_).listed * sizeof(Written);
    return disk_.arrived(scratch_.subspan(list_offset, bytes), scratch_);
}

// What a rejected commit lacks must not arrive later, by a write of the same bytes.
Result<void> Store::discard_rejected() {
    if (rejected_ == 0) return {};
    std::ranges::fill(scratch_, std::byte{0});
    TRY(write_slot(rejected_ % 2));
    TRY(disk_.flush());
    rejected_ = 0;
    return {};
}

Result<void> Store::open_superblock() {
    failed_ = true;
    tree_.forget();
    const std::uint32_t blocks = disk_.blocks();
    const Superblock best = TRY(newest());
    const bool good = best.version == format_version && best.blocks == blocks &&
                      best.map_blocks == map_blocks(blocks) &&
                      best.next_inode > root_number && best.next_inode < Key::offset_max &&
                      best.root.level < Tree::levels_max;
    if (!good) return error(Error::corrupt);
    superblock_ = best;
    transaction_ = Transaction{.sequence = best.sequence + 1,
                               .root = best.root,
                               .next_inode = best.next_inode,
                               .files = best.files,
                               .changed = false};
    return {};
}

// Writes scratch_ to both places of a slot.
Result<void> Store::write_slot(std::uint64_t slot) {
    const auto places = superblock_places(disk_.blocks());
    TRY(disk_.write_superblock(places[slot], scratch_));
    return disk_.write_superblock(places[slot + 2], scratch_);
}

// The running transaction's and its copy, and the flush. Where blocks are in doubt until then, the
// copy is written behind it and says that none is: what rots later is no write that was lost.
Result<void> Store::write_superblock() {
    Superblock next = superblock_;
    next.sequence = transaction_.sequence;
    next.root = transaction_.root;
    next.next_inode = transaction_.next_inode;
    next.files = transaction_.files;
    const auto list = std::as_bytes(disk_.unflushed());
    next.listed = static_cast<std::uint32_t>(disk_.unflushed().size());
    next.list_checksum = checksum(list);
    next.checksum = checksum_of(next);
    std::ranges::fill(scratch_, std::byte{0});
    std::ranges::copy(list, scratch_.begin() + list_offset);
    cofs::store(scratch_, 0, next);
    const std::uint64_t slot = next.sequence % 2;
    const auto places = superblock_places(disk_.blocks());
    TRY(disk_.write_superblock(places[slot], scratch_));
    if (next.listed == 0) TRY(disk_.write_superblock(places[slot + 2], scratch_));
    TRY(disk_.flush());
    superblock_ = next;
    if (next.listed == 0) return {};
    next.listed = 0;
    next.checksum = checksum_of(next);
    cofs::store(scratch_, 0, next);
    // Where this fails the commit is durable all the same.
    static_cast<void>(disk_.write_superblock(places[slot + 2], scratch_));
    return {};
}

// ---- transactions

Result<void> Store::open() {
    cache_.clear();
    TRY(open_superblock());
    TRY(space_.load(disk_, superblock_.sequence, scratch_));
    // What was read may lie in the device's own cache: the next commit relies on this superblock.
    TRY(disk_.flush());
    failed_ = false;
    return {};
}

Result<void> Store::begin(Effect effect, std::uint32_t blocks) {
    if (failed_) return error(Error::io);
    TRY(discard_rejected());
    TRY(cache_.settle());
    const std::uint32_t kept = effect == Effect::grows        ? reserve_blocks
                               : effect == Effect::overwrites ? reserve_blocks / 2
                                                              : 0;
    const std::uint32_t needed = operation_blocks() + kept + blocks;
    if (space_.available() >= needed) return {};
    if (space_.free_blocks() < needed) return error(Error::no_space);
    TRY(commit());
    if (space_.available() < needed) return error(Error::no_space);
    return {};
}

Result<void> Store::commit() {
    if (failed_) return error(Error::io);
    if (!transaction_.changed) return {};
    TRY(discard_rejected());
    TRY(cache_.write_all());
    TRY(space_.store(disk_, transaction_.sequence, scratch_));
    disk_.keep([this](BlockNumber block) {
        return space_.fresh(block) || !space_.content(block);
    });
    if (!disk_.complete()) TRY(acted(disk_.flush()));
    TRY(acted(write_superblock()));
    space_.committed();
    ++transaction_.sequence;
    transaction_.changed = false;
    return {};
}

Result<void> Store::release(BlockNumber block) {
    TRY(cache_.drop(block));
    if (!space_.release(block)) return error(Error::corrupt);
    return {};
}

}  // namespace libos::fs::cofs

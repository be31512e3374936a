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

bool whole(const Superblock& superblock) {
    return superblock.magic == superblock_magic &&
           superblock.checksum == checksum_of(superblock);
}

}  // namespace

std::size_t Store::room(std::uint32_t blocks, std::uint32_t frames) {
    return SpaceMap::room(blocks) + Cache::room(frames) + scratch_bytes + 64;
}

Result<void> Store::build(std::span<std::byte> memory) {
    const std::uint32_t blocks = device_.blocks();
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
    space_.build(arena, blocks);
    cache_.build(arena, frames, device_, space_, options_.cache);
    tree_.build(cache_, space_, transaction_);
    scratch_ = arena.take<std::byte>(scratch_bytes);
    return {};
}

Result<void> Store::create(std::uint64_t salt) {
    cache_.clear();
    tree_.forget();
    space_.clear();
    const std::uint32_t blocks = device_.blocks();
    std::ranges::fill(scratch_, std::byte{0});
    for (const BlockNumber at : {0u, 1u, blocks - 2, blocks - 1}) {
        TRY(device_.write(at, scratch_));
    }
    TRY(device_.flush());
    superblock_ = Superblock{.magic = superblock_magic,
                             .version = format_version,
                             .root = {},
                             .blocks = blocks,
                             .map_blocks = SpaceMap::map_blocks(blocks),
                             .salt = salt};
    transaction_ = Transaction{
        .sequence = 1, .root = {}, .next_inode = root_number, .files = 0, .changed = false};
    failed_ = false;
    return acted(tree_.create());
}

Result<void> Store::open_superblock() {
    failed_ = true;
    tree_.forget();
    const std::uint32_t blocks = device_.blocks();
    Superblock best;
    superblocks_good_ = 0;
    bool unreadable = false;
    for (const BlockNumber at : {0u, 1u, blocks - 2, blocks - 1}) {
        if (!device_.read(at, scratch_)) {
            unreadable = true;
            continue;
        }
        const auto found = cofs::load<Superblock>(scratch_);
        if (!whole(found)) continue;
        ++superblocks_good_;
        if (found.sequence > best.sequence) best = found;
    }
    if (best.sequence == 0) return error(unreadable ? Error::io : Error::corrupt);
    const bool good = best.version == format_version && best.blocks == blocks &&
                      best.map_blocks == SpaceMap::map_blocks(blocks) &&
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

Result<void> Store::open() {
    cache_.clear();
    TRY(open_superblock());
    TRY(space_.load(device_, superblock_.sequence, scratch_));
    // What was read may lie in the device's own cache: the next commit relies on this superblock.
    TRY(device_.flush());
    failed_ = false;
    return {};
}

Result<void> Store::begin(Effect effect, std::uint32_t blocks) {
    if (failed_) return error(Error::io);
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

Result<void> Store::write_superblock() {
    Superblock next = superblock_;
    next.sequence = transaction_.sequence;
    next.root = transaction_.root;
    next.next_inode = transaction_.next_inode;
    next.files = transaction_.files;
    next.checksum = checksum_of(next);
    std::ranges::fill(scratch_, std::byte{0});
    cofs::store(scratch_, 0, next);
    const auto slot = static_cast<BlockNumber>(next.sequence % 2);
    TRY(device_.write(slot, scratch_));
    TRY(device_.write(device_.blocks() - 2 + slot, scratch_));
    TRY(device_.flush());
    superblock_ = next;
    return {};
}

Result<void> Store::commit() {
    if (failed_) return error(Error::io);
    if (!transaction_.changed) return {};
    TRY(cache_.write_all());
    TRY(space_.store(device_, transaction_.sequence, scratch_));
    TRY(acted(device_.flush()));
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

/// The passes of a check, and names counted.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/check/checker.hpp"
#include "libos/fs/cofs/cofs.hpp"

namespace libos::fs::cofs {

std::size_t Cofs::check_memory_needed(std::uint64_t blocks, std::uint32_t cached) {
    const auto used = static_cast<std::uint32_t>(std::min(blocks, blocks_max));
    return memory_needed(blocks, cached) + SpaceMap::room(used);
}

Result<void> Cofs::check(DeviceRef device, std::span<std::byte> memory, CheckReport& report,
                         bool repair) {
    report = {};
    const std::size_t room = SpaceMap::room(device.blocks());
    if (device.blocks() < blocks_min) return error(Error::invalid);
    if (memory.size() < room) return error(Error::no_memory);
    kernel::base::Arena arena{memory.first(room)};
    SpaceMap claimed;
    claimed.build(arena, device.blocks());
    Store store{device};
    TRY(store.build(memory.subspan(room)));
    return Checker{store, claimed, report, repair}.run();
}

Result<void> Checker::run() {
    const auto opened = store_.open();
    if (!opened && store_.superblocks_good() == 0) return opened;
    if (!opened) TRY(store_.open_superblock());
    store_.revive();
    if (store_.superblocks_good() < 2) found(Problem::superblock_lost, 0, 0, repair_);
    const bool whole = TRY(check_shape());
    TRY(check_space(opened.has_value()));
    if (!whole) {
        const bool root = report_.nodes == 0;
        if (!repair_ || root || damaged_ > damaged_max) return {};
        TRY(cut_damaged());
    }
    for (int pass = 0; pass < passes_max; ++pass) {
        changed_ = false;
        inodes_.forget();
        TRY(check_items());
        for (counted_from_ = 0; TRY(check_links());) {}
        if (!changed_) break;
    }
    report_.files = files_;
    if (report_.repaired == 0) return {};
    // Twice: both slots.
    for (int slot = 0; slot < 2; ++slot) {
        store_.transaction().changed = true;
        TRY(store_.commit());
    }
    return {};
}

// Counts the names of the next inodes that are not embedded. False: there are no more.
Result<bool> Checker::check_links() {
    counted_ = 0;
    Value value;
    Key at;
    for (Key from = key(counted_from_, ItemType::inode);
         counted_ < counted_max && TRY(read_item(from, at, value));
         from = {at.object + 1, 0}) {
        if (at.object == Key::offset_max) break;
        const bool external = at.type() == ItemType::inode && value.size == sizeof(Body) &&
                              at.object != root_number;
        if (external) names_[counted_++] = {at.object, 0};
        counted_from_ = at.object + 1;
    }
    if (counted_ == 0) return false;
    for (Key from{}; TRY(read_item(from, at, value)); from = next(at)) {
        if (at == key_max) break;
        if (at.type() != ItemType::entry) continue;
        const auto entry = entry_view(value.span());
        if (!entry || entry->head.embedded != 0) continue;
        const auto end = names_.begin() + counted_;
        const auto counted = std::ranges::lower_bound(names_.begin(), end, entry->head.inode, {},
                                                      &Counted::number);
        if (counted != end && counted->number == entry->head.inode) ++counted->names;
    }
    TRY(compare_links());
    return counted_ == counted_max;
}

Result<void> Checker::compare_links() {
    for (std::uint32_t i = 0; i < counted_; ++i) {
        auto file = inodes_.load(names_[i].number);
        if (!file || file->body.links == names_[i].names) continue;
        file->body.links = static_cast<std::uint32_t>(names_[i].names);
        TRY(save(Problem::link_count_wrong, *file));
    }
    return {};
}

}  // namespace libos::fs::cofs

#include "libos/fs/fat/directory.hpp"

#include "kernel/base/result.hpp"

namespace libos::fs::fat {

std::uint32_t Directory::slots_in_cluster() const {
    return volume_.geometry().cluster_bytes / slot_bytes;
}

Result<std::uint64_t> Directory::offset_of(std::uint32_t index) {
    const Geometry& geometry = volume_.geometry();
    if (first_ == no_cluster) {
        if (index >= geometry.root_slots) return error(Error::no_entry);
        return geometry.root_start + std::uint64_t{index} * slot_bytes;
    }
    const Cluster cluster = TRY(table_.at(first_, index / slots_in_cluster()));
    if (cluster == no_cluster) return error(Error::no_entry);
    if (index >= directory_slots_max) return error(Error::corrupt);
    return geometry.start_of(cluster) + index % slots_in_cluster() * slot_bytes;
}

/// Clusters, and the fixed root's sectors, are whole multiples of sixteen slots.
Result<Slot> SlotReader::at(std::uint32_t index) {
    const std::uint32_t within = index % slots_read;
    if (index - within != first_ || first_ == none) {
        first_ = none;
        start_ = TRY(directory_.offset_of(index - within));
        TRY(directory_.volume_.read(start_, std::as_writable_bytes(std::span{slots_})));
        first_ = index - within;
    }
    const bool fixed = directory_.first_ == no_cluster;
    if (fixed && index >= directory_.volume_.geometry().root_slots) return error(Error::no_entry);
    offset_ = start_ + within * slot_bytes;
    return slots_[within];
}

Result<void> Directory::next(std::uint32_t index, Listing& listing) {
    SlotReader reader{*this};
    return next(reader, index, listing);
}

Result<void> Directory::next(SlotReader& reader, std::uint32_t index, Listing& listing) {
    NameParts parts;
    std::uint32_t begin = index;
    for (;; ++index) {
        const Slot slot = TRY(reader.at(index));
        if (slot.last()) return error(Error::no_entry);
        if (!slot.free() && slot.part_of_long_name()) {
            const auto part = std::bit_cast<LongSlot>(slot);
            if ((part.order & LongSlot::last_part) != 0) begin = index;
            parts.add(part);
            continue;
        }
        if (slot.names_file()) {
            const bool has_long = parts.finish(slot, listing.name);
            if (!has_long) listing.name = shown_name(slot);
            listing.first = has_long ? begin : index;
            listing.count = index + 1 - listing.first;
            listing.offset = reader.offset();
            listing.slot = slot;
            if (fit_to_show(listing.name)) return {};
        }
        parts.reset();
    }
}

Result<void> Directory::find(const LongName& name, Listing& listing) {
    SlotReader reader{*this};
    for (std::uint32_t index = 0;; index = listing.after()) {
        TRY(next(reader, index, listing));
        if (same_name(listing.name, name)) return {};
        if (listing.count > 1 && same_name(shown_name(listing.slot), name)) return {};
    }
}

Result<bool> Directory::empty() {
    Listing listing;
    const auto found = next(0, listing);
    if (!found && found.error() != Error::no_entry) return error(found.error());
    return !found;
}

std::uint32_t Directory::slots_for(const LongName& name) {
    if (short_form(name).exact) return 1;
    return (name.length + LongSlot::units_max - 1) / LongSlot::units_max + 1;
}

Result<std::uint32_t> Directory::reserve(std::uint32_t count) {
    std::uint32_t index = 0;
    std::uint32_t run = 0;     // free slots just before index
    bool beyond = false;       // behind the mark that ends the directory all is free
    SlotReader reader{*this};
    for (; run < count || beyond; ++index) {
        const auto slot = reader.at(index);
        if (!slot && slot.error() == Error::no_entry) break;
        if (!slot) return error(slot.error());
        if (run == count) {
            // What follows the run must say again that nothing follows.
            if (!slot->last()) TRY(volume_.store_at(reader.offset(), Slot::end));
            return index - count;
        }
        beyond = beyond || slot->last();
        run = beyond || slot->free() ? run + 1 : 0;
    }
    if (run >= count) return index - count;
    TRY(grow(index, count - run));
    return index - run;
}

/// `slots` are there, `missing` more are needed at least.
Result<std::uint32_t> Directory::grow(std::uint32_t slots, std::uint32_t missing) {
    if (first_ == no_cluster) return error(Error::no_space);
    const std::uint32_t in_cluster = slots_in_cluster();
    const std::uint32_t clusters = (missing + in_cluster - 1) / in_cluster;
    if (slots + clusters * in_cluster > directory_slots_max) return error(Error::no_space);
    if (clusters > table_.free_count()) return error(Error::no_space);
    const Cluster tail = TRY(table_.at(first_, slots / in_cluster - 1));
    const Cluster first = TRY(table_.allocate(no_cluster, clusters));
    for (Cluster cluster = first; cluster != no_cluster; cluster = TRY(table_.next(cluster))) {
        TRY(volume_.zero(volume_.geometry().start_of(cluster),
                         volume_.geometry().cluster_bytes));
    }
    TRY(table_.set_entry(tail, first));
    return clusters;
}

/// Which tails of one basis are taken.
struct Directory::Tails {
    bool basis_taken = false;
    std::uint64_t low = 0;      ///< bit n - 1: "~n"
    std::uint32_t highest = 0;
};

namespace {

/// The number n for which with_tail(basis, n) is `name`; 0: there is none.
std::uint32_t tail_of(const ShortName& name, const ShortName& basis) {
    std::uint32_t number = 0;
    std::uint32_t scale = 1;
    std::size_t end = 8;
    while (end > 0 && name[end - 1] == ' ') --end;
    while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9' && scale <= 100'000) {
        number += scale * (name[--end] - '0');
        scale *= 10;
    }
    if (number == 0 || number > tail_max || end == 0 || name[end - 1] != '~') return 0;
    return with_tail(basis, number) == name ? number : 0;
}

}  // namespace

Result<void> Directory::note_tails(const ShortName& basis, std::uint64_t except, Tails& tails) {
    SlotReader reader{*this};
    for (std::uint32_t index = 0;; ++index) {
        const auto slot = reader.at(index);
        if (!slot && slot.error() == Error::no_entry) return {};
        if (!slot) return error(slot.error());
        if (slot->last()) return {};
        if (slot->free() || slot->part_of_long_name() || reader.offset() == except) continue;
        if (slot->name == basis) tails.basis_taken = true;
        const std::uint32_t number = tail_of(slot->name, basis);
        if (number == 0) continue;
        if (number <= 64) tails.low |= std::uint64_t{1} << (number - 1);
        if (number > tails.highest) tails.highest = number;
    }
}

Result<ShortName> Directory::short_name_for(const LongName& name, std::uint64_t except) {
    const ShortForm form = short_form(name);
    Tails tails;
    TRY(note_tails(form.name, except, tails));
    if (form.faithful && !tails.basis_taken) return form.name;
    if (form.exact) return error(Error::exists);
    for (std::uint32_t number = 1; number <= 64; ++number) {
        if ((tails.low >> (number - 1) & 1) == 0) return with_tail(form.name, number);
    }
    if (tails.highest < tail_max) return with_tail(form.name, tails.highest + 1);
    return error(Error::no_space);
}

namespace {

LongSlot part_of(const LongName& name, std::uint32_t part, std::uint32_t parts,
                 std::uint8_t sum) {
    LongSlot slot;
    slot.order = static_cast<std::uint8_t>(part + 1 == parts ? (part + 1) | LongSlot::last_part
                                                             : part + 1);
    slot.checksum = sum;
    for (std::uint32_t i = 0; i < LongSlot::units_max; ++i) {
        const std::uint32_t at = part * LongSlot::units_max + i;
        slot.set_unit(i, at < name.length ? name.units[at] : at == name.length ? 0 : 0xffff);
    }
    return slot;
}

}  // namespace

Result<std::uint64_t> Directory::put(std::uint32_t first, const LongName& name,
                                     const Slot& slot) {
    const std::uint32_t parts = slots_for(name) - 1;
    const std::uint8_t sum = checksum(slot.name);
    for (std::uint32_t i = 0; i < parts; ++i) {
        const std::uint64_t offset = TRY(offset_of(first + i));
        TRY(volume_.store_at(offset, part_of(name, parts - 1 - i, parts, sum)));
    }
    const std::uint64_t offset = TRY(offset_of(first + parts));
    TRY(volume_.set_slot(offset, slot));
    return offset;
}

Result<void> Directory::erase(const Listing& listing) {
    for (std::uint32_t i = 0; i < listing.count; ++i) {
        const std::uint64_t offset = TRY(offset_of(listing.first + i));
        TRY(volume_.store_at(offset, Slot::erased));
    }
    return {};
}

}  // namespace libos::fs::fat

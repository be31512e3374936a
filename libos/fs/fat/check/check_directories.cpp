// The tree of directories: every slot of every one, once.
#include "kernel/base/result.hpp"
#include "libos/fs/fat/check/checker.hpp"

namespace libos::fs::fat {

namespace {

bool good_short_name(const Slot& slot) {
    constexpr std::string_view wrong = "\"*+,./:;<=>?[\\]|";
    if (slot.name[0] == ' ') return false;
    for (std::size_t i = 0; i < slot.name.size(); ++i) {
        const std::uint8_t byte = slot.name[i];
        const bool escaped = i == 0 && byte == Slot::escaped_e5;
        if ((byte < 0x20 && !escaped) || (byte >= 'a' && byte <= 'z') || byte == 0x7f) return false;
        for (const char one : wrong) {
            if (byte == static_cast<std::uint8_t>(one)) return false;
        }
    }
    return true;
}

}  // namespace

std::uint32_t Checker::slots_in_cluster() const {
    return volume_.geometry().cluster_bytes / slot_bytes;
}

Result<void> Checker::check_tree() {
    const Cluster root = volume_.geometry().root_cluster;
    std::uint32_t slots = volume_.geometry().root_slots;
    if (root != no_cluster) {
        const Chain chain = TRY(own(root, directory_slots_max / slots_in_cluster(), nullptr));
        slots = chain.clusters * slots_in_cluster();
    }
    TRY(enter(root, no_cluster, slots));
    while (depth_ > 0) TRY(read_slots());
    return {};
}

/// The directory, whose chain is owned, is the next to be read.
Result<void> Checker::enter(Cluster first, Cluster parent, std::uint32_t slots) {
    stack_[depth_++] = {.first = first, .parent = parent, .index = 0, .slots = slots};
    if (depth_ > 1) TRY(check_dots(stack_[depth_ - 1]));
    // Without repair a chain that goes wrong is still whole; then names are not compared.
    const auto named = check_names(first);
    if (!named && named.error() != Error::corrupt) return named;
    return {};
}

/// Reads on in the directory on top, until another is on top.
Result<void> Checker::read_slots() {
    const std::size_t depth = depth_;
    NameParts parts;
    std::uint32_t begin = stack_[depth - 1].index;
    while (depth_ == depth) {
        Frame& frame = stack_[depth - 1];
        const bool more = TRY(read_slot(frame, parts, begin));
        if (more) continue;
        Directory directory{volume_, table_, frame.first};
        TRY(stray_parts(directory, frame.first, begin, frame.index));
        --depth_;
    }
    return {};
}

/// One slot; `begin` is the first of the long name's parts that lie before it. False: the end.
Result<bool> Checker::read_slot(Frame& frame, NameParts& parts, std::uint32_t& begin) {
    Item item{.directory = {volume_, table_, frame.first}, .directory_first = frame.first,
              .listing = {}};
    if (frame.index == frame.slots) return false;
    const std::uint64_t offset = TRY(item.directory.offset_of(frame.index));
    const Slot slot = TRY(volume_.slot(offset));
    if (slot.last()) return false;
    const std::uint32_t index = frame.index++;
    if (!slot.free() && slot.part_of_long_name()) {
        const auto part = std::bit_cast<LongSlot>(slot);
        const bool last_part = (part.order & LongSlot::last_part) != 0;
        if (last_part && begin < index) {
            TRY(stray_parts(item.directory, frame.first, begin, index));
            begin = index;
        }
        parts.add(part);
        return true;
    }
    LongName long_name;
    const bool named = slot.names_file() && parts.finish(slot, long_name);
    if (!named) TRY(stray_parts(item.directory, frame.first, begin, index));
    parts.reset();
    item.listing = {.first = named ? begin : index,
                    .count = named ? index + 1 - begin : 1,
                    .offset = offset,
                    .slot = slot,
                    .name = named ? long_name : shown_name(slot)};
    begin = index + 1;
    if (slot.names_file()) TRY(read_item(item));
    const bool misplaced = !slot.free() && !slot.label() && slot.dots() &&
                           (depth_ == 1 || index >= 2);
    if (misplaced && found(Trouble::wrong_dots, &item, no_cluster)) {
        TRY(item.directory.erase(item.listing));
    }
    return true;
}

Result<void> Checker::stray_parts(Directory& directory, Cluster first, std::uint32_t begin,
                                  std::uint32_t end) {
    if (begin == end) return {};
    Item item{.directory = directory, .directory_first = first, .listing = {}};
    if (!found(Trouble::stray_name_parts, &item, no_cluster)) return {};
    for (std::uint32_t index = begin; index < end; ++index) {
        TRY(volume_.store_at(TRY(directory.offset_of(index)), Slot::erased));
    }
    return {};
}

Result<void> Checker::read_item(Item& item) {
    const bool good = good_short_name(item.listing.slot) && fit_to_show(item.listing.name);
    if (!good && found(Trouble::bad_name, &item, no_cluster)) TRY(give_name(item));
    if (item.listing.slot.free()) return {};
    return item.listing.slot.directory() ? check_directory(item) : check_file(item);
}

Result<void> Checker::check_file(Item& item) {
    ++result_.files;
    Slot& slot = item.listing.slot;
    const std::uint64_t cluster_bytes = volume_.geometry().cluster_bytes;
    const auto needed =
        static_cast<std::uint32_t>((slot.size + cluster_bytes - 1) / cluster_bytes);
    Chain chain;
    if (slot.cluster() != no_cluster) {
        if (needed == 0) {
            if (!found(Trouble::chain_too_long, &item, slot.cluster())) return {};
            slot.set_cluster(no_cluster);
            return save(item);
        }
        chain = TRY(own(slot.cluster(), needed, &item));
    }
    if (chain.clusters == needed) return {};
    const bool repair = chain.broken ? options_.repair
                                     : found(Trouble::chain_too_short, &item, slot.cluster());
    if (!repair) return {};
    if (chain.clusters == 0) slot.set_cluster(no_cluster);
    slot.size = static_cast<std::uint32_t>(chain.clusters * cluster_bytes);
    return save(item);
}

Result<void> Checker::check_directory(Item& item) {
    ++result_.directories;
    Slot& slot = item.listing.slot;
    if (slot.size != 0 && found(Trouble::directory_has_size, &item, no_cluster)) {
        slot.size = 0;
        TRY(save(item));
    }
    const Chain chain =
        TRY(own(slot.cluster(), directory_slots_max / slots_in_cluster(), &item));
    if (chain.clusters == 0) {
        if (found(Trouble::directory_lost, &item, slot.cluster())) {
            TRY(item.directory.erase(item.listing));
        }
        return {};
    }
    if (depth_ == stack_.size()) {
        all_seen_ = false;
        found(Trouble::too_deep, &item, slot.cluster());
        return {};
    }
    return enter(slot.cluster(), depth_ == 1 ? no_cluster : item.directory_first,
                 chain.clusters * slots_in_cluster());
}

/// "." and ".." of the directory on top.
Result<void> Checker::check_dots(Frame& frame) {
    const std::uint64_t start = volume_.geometry().start_of(frame.first);
    for (std::uint32_t index = 0; index < 2; ++index) {
        const std::uint64_t offset = start + index * slot_bytes;
        Slot slot = TRY(volume_.slot(offset));
        const Cluster right = index == 0 ? frame.first : frame.parent;
        const bool kind = slot.dots() && slot.directory() && !slot.label() &&
                          (slot.name[1] == '.') == (index == 1);
        const Cluster said = slot.cluster() == volume_.geometry().root_cluster ? no_cluster
                                                                               : slot.cluster();
        if (kind && said == right) continue;
        Item item{.directory = {volume_, table_, frame.first}, .directory_first = frame.first,
                  .listing = {}};
        if (!found(Trouble::wrong_dots, &item, right)) continue;
        slot.name.fill(' ');
        slot.name[0] = '.';
        if (index == 1) slot.name[1] = '.';
        slot.attributes = attribute::directory;
        slot.size = 0;
        slot.set_cluster(right);
        TRY(volume_.set_slot(offset, slot));
    }
    return {};
}

}  // namespace libos::fs::fat

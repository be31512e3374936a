// What directories hold: looking up, making, removing, renaming.
#include "kernel/base/result.hpp"
#include "libos/fs/fat/fat.hpp"

namespace libos::fs::fat {

/// A name in a directory, and the file of that name once it was looked for.
struct Fat::Spot {
    File file;            ///< the directory's
    Directory directory;
    LongName name{};
    Listing listing{};
};

Result<Fat::Spot> Fat::spot(Inode directory, std::string_view name) {
    const File file = TRY(resolve(directory));
    Spot spot{.file = file, .directory = TRY(directory_of(file))};
    spot.name = TRY(parse_name(name));
    return spot;
}

/// Error::no_entry where there is no such file.
Result<void> Fat::found(Spot& spot) {
    return spot.directory.find(spot.name, spot.listing);
}

/// Error::exists where there is such a file; Error::no_entry: the directory is nowhere itself.
Result<void> Fat::absent(Spot& spot) {
    if (spot.file.nameless()) return error(Error::no_entry);
    const auto found = spot.directory.find(spot.name, spot.listing);
    if (found) return error(Error::exists);
    if (found.error() != Error::no_entry) return found;
    return {};
}

/// A name that no file can have is simply not there, unless the caller broke its promise.
Result<Inode> Fat::lookup(Inode directory, std::string_view name) {
    auto at = spot(directory, name);
    if (!at) {
        const bool promised = well_formed(name) && at.error() == Error::invalid;
        return error(promised ? Error::no_entry : at.error());
    }
    TRY(found(*at));
    return Inode{number_at(at->listing.offset / slot_bytes)};
}

Result<Entry> Fat::entry(Inode directory, std::uint64_t position) {
    const File file = TRY(resolve(directory));
    Directory slots = TRY(directory_of(file));
    if (position >= directory_slots_max) return error(Error::no_entry);
    Listing listing;
    TRY(slots.next(static_cast<std::uint32_t>(position), listing));
    const std::size_t size = to_utf8(listing.name, shown_);
    return Entry{.name = {shown_.data(), size},
                 .inode = Inode{number_at(listing.offset / slot_bytes)},
                 .kind = listing.slot.directory() ? Kind::directory : Kind::file,
                 .next = listing.after()};
}

// ---- making

Slot Fat::new_slot(const Creation& made) const {
    Slot slot;
    slot.attributes = (made.mode & 0200) != 0 ? 0 : attribute::read_only;
    slot.created_date = slot.accessed_date = slot.modified_date = now_.date;
    slot.created_time = slot.modified_time = now_.time;
    slot.created_tenth = now_.tenth;
    return slot;
}

/// Puts `slot` under the spot's name, which is absent: where it lies.
Result<Fat::Place> Fat::add(Spot& spot, Slot slot) {
    if (!nodes_.room()) return error(Error::no_memory);
    slot.name = TRY(spot.directory.short_name_for(spot.name, 0));
    const std::uint32_t first = TRY(spot.directory.reserve(Directory::slots_for(spot.name)));
    const std::uint64_t offset = TRY(spot.directory.put(first, spot.name, slot));
    TRY(touch(spot.file));
    return offset / slot_bytes;
}

Result<Inode> Fat::create(Inode directory, std::string_view name, const Creation& made) {
    Spot at = TRY(spot(directory, name));
    TRY(absent(at));
    Slot slot = new_slot(made);
    slot.attributes |= attribute::archive;
    return Inode{number_for_new(TRY(add(at, slot)))};
}

/// A new directory's first cluster: ".", "..", and nothing.
Result<void> Fat::fill_directory(Cluster cluster, const Slot& slot, Cluster parent) {
    const std::uint64_t start = volume_.geometry().start_of(cluster);
    TRY(volume_.zero(start, volume_.geometry().cluster_bytes));
    Slot dots = slot;
    dots.attributes = attribute::directory;
    dots.name.fill(' ');
    dots.name[0] = '.';
    TRY(volume_.set_slot(start, dots));
    dots.name[1] = '.';
    dots.set_cluster(parent);
    return volume_.set_slot(start + slot_bytes, dots);
}

Result<Inode> Fat::make_directory(Inode directory, std::string_view name, const Creation& made) {
    Spot at = TRY(spot(directory, name));
    TRY(absent(at));
    const Cluster cluster = TRY(table_.allocate(no_cluster, 1));
    Slot slot = new_slot(made);
    slot.attributes |= attribute::directory;
    slot.set_cluster(cluster);
    const Cluster parent = at.file.root() ? no_cluster : at.file.slot.cluster();
    const auto place = [&]() -> Result<Place> {
        TRY(fill_directory(cluster, slot, parent));
        return add(at, slot);
    }();
    if (!place) {
        TRY(table_.release(cluster));
        return error(place.error());
    }
    return Inode{number_for_new(*place)};
}

// ---- removing

/// The name goes; what it named goes too unless it is open.
Result<void> Fat::remove(Directory& directory, const Listing& listing) {
    TRY(directory.erase(listing));
    Node* const node = nodes_.by_place(listing.offset / slot_bytes);
    if (node != nullptr) {
        nodes_.move(*node, InodeTable::nowhere);
        node->orphan = listing.slot;
        if (node->opens > 0) return {};
        free_node(*node);
    }
    return table_.release(listing.slot.cluster());
}

Result<bool> Fat::empty_directory(const Slot& slot) {
    if (!volume_.geometry().holds(slot.cluster())) return error(Error::corrupt);
    return Directory{volume_, table_, slot.cluster()}.empty();
}

Result<void> Fat::unlink(Inode directory, std::string_view name) {
    Spot at = TRY(spot(directory, name));
    TRY(found(at));
    if (at.listing.slot.directory()) return error(Error::is_directory);
    TRY(remove(at.directory, at.listing));
    return touch(at.file);
}

Result<void> Fat::remove_directory(Inode directory, std::string_view name) {
    Spot at = TRY(spot(directory, name));
    TRY(found(at));
    if (!at.listing.slot.directory()) return error(Error::not_directory);
    if (!TRY(empty_directory(at.listing.slot))) return error(Error::not_empty);
    TRY(remove(at.directory, at.listing));
    return touch(at.file);
}

// ---- renaming

struct Fat::Move {
    Spot from;
    Spot to;
    bool occupied = false;  ///< another file has the new name
};

/// What ".." of the directory says; no_cluster: the root.
Result<Cluster> Fat::parent_of(Cluster directory) {
    Directory slots{volume_, table_, directory};
    const Slot slot = TRY(volume_.slot(TRY(slots.offset_of(1))));
    if (!slot.dots() || slot.name[1] != '.' || !slot.directory()) return error(Error::corrupt);
    const Cluster parent = slot.cluster();
    if (parent == no_cluster || parent == volume_.geometry().root_cluster) return no_cluster;
    if (!volume_.geometry().holds(parent)) return error(Error::corrupt);
    return parent;
}

/// Error::invalid where `directory` is `moving` or lies below it.
Result<void> Fat::not_below(Cluster moving, const File& directory) {
    Cluster cluster = directory.root() ? no_cluster : directory.slot.cluster();
    for (std::uint32_t depth = 0; cluster != no_cluster; ++depth) {
        if (cluster == moving) return error(Error::invalid);
        if (depth == depth_max) return error(Error::corrupt);
        cluster = TRY(parent_of(cluster));
    }
    return {};
}

Result<void> Fat::may_replace(const Move& move) {
    const Slot& moving = move.from.listing.slot;
    const Slot& target = move.to.listing.slot;
    if (!target.directory()) {
        if (moving.directory()) return error(Error::not_directory);
        return {};
    }
    if (!moving.directory()) return error(Error::is_directory);
    if (!TRY(empty_directory(target))) return error(Error::not_empty);
    return {};
}

Result<void> Fat::rename(Inode from, std::string_view name, Inode to, std::string_view new_name,
                         bool replace) {
    Move move{.from = TRY(spot(from, name)), .to = TRY(spot(to, new_name))};
    TRY(found(move.from));
    if (move.to.file.nameless()) return error(Error::no_entry);
    const Listing& source = move.from.listing;
    if (source.slot.directory()) TRY(not_below(source.slot.cluster(), move.to.file));
    const auto target = found(move.to);
    if (!target && target.error() != Error::no_entry) return target;
    const bool itself = target && move.to.listing.offset == source.offset;
    if (itself && source.name.view() == move.to.name.view()) return {};
    move.occupied = target && !itself;
    if (move.occupied && !replace) return error(Error::exists);
    if (move.occupied) TRY(may_replace(move));
    if (!nodes_.room()) return error(Error::no_memory);
    return carry_out(move);
}

Result<void> Fat::carry_out(Move& move) {
    const Listing& source = move.from.listing;
    Directory& directory = move.to.directory;
    Slot slot = source.slot;
    slot.letters = 0;
    slot.name = TRY(directory.short_name_for(
        move.to.name, move.occupied ? move.to.listing.offset : source.offset));
    const std::uint32_t first = TRY(directory.reserve(Directory::slots_for(move.to.name)));
    if (move.occupied) TRY(remove(directory, move.to.listing));
    const Place place = TRY(directory.put(first, move.to.name, slot)) / slot_bytes;
    TRY(move.from.directory.erase(source));

    const Place old = source.offset / slot_bytes;
    leave(place);
    Node* const known = nodes_.by_place(old);
    const std::uint64_t number = nodes_.by_number(old) == nullptr ? old : nodes_.fresh_number();
    Node& node = known != nullptr ? *known : nodes_.add(number, old);
    nodes_.move(node, place);
    free_node(node);

    if (slot.directory()) {
        Directory moved{volume_, table_, slot.cluster()};
        const std::uint64_t offset = TRY(moved.offset_of(1));
        Slot dots = TRY(volume_.slot(offset));
        dots.set_cluster(move.to.file.root() ? no_cluster : move.to.file.slot.cluster());
        if (dots.dots()) TRY(volume_.set_slot(offset, dots));
    }
    TRY(touch(move.from.file));
    if (move.to.file.number != move.from.file.number) TRY(touch(move.to.file));
    return {};
}

}  // namespace libos::fs::fat

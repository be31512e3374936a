// Names that two files of one directory have.
#include "kernel/base/order.hpp"
#include "kernel/base/result.hpp"
#include "libos/fs/fat/check/checker.hpp"
#include "libos/fs/fat/letters.hpp"

namespace libos::fs::fat {

namespace {

constexpr std::uint64_t basis = 0xcbf2'9ce4'8422'2325;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9e37'79b9'7f4a'7c15;
    return hash ^ hash >> 29;
}

std::uint64_t hash_of(const LongName& name) {
    std::uint64_t hash = basis;
    for (const char16_t unit : name.view()) hash = mixed(hash, upper(unit));
    return hash;
}

std::uint64_t hash_of(const ShortName& name) {
    std::uint64_t hash = ~basis;
    for (const std::uint8_t byte : name) hash = mixed(hash, byte);
    return hash;
}

bool same(const Listing& left, const Listing& right) {
    return left.slot.name == right.slot.name || same_name(left.name, right.name);
}

ShortName numbered(std::uint32_t number) {
    ShortName name{'F', 'S', 'C', 'K', '0', '0', '0', '0', 'R', 'E', 'N'};
    for (std::size_t at = 8; at-- > 4; number /= 10) {
        name[at] = static_cast<std::uint8_t>('0' + number % 10);
    }
    return name;
}

}  // namespace

/// Whether the hash may have been met; it is from now on.
bool Checker::note(std::uint64_t hash) {
    std::uint64_t& word = names_[(hash >> 8) & (names_used_ - 1)];
    const std::uint64_t bit = std::uint64_t{1} << (hash & 63);
    const bool met = (word & bit) != 0;
    word |= bit;
    return met;
}

Result<void> Checker::check_names(Cluster first) {
    const std::uint32_t slots =
        first == no_cluster
            ? volume_.geometry().root_slots
            : TRY(table_.length(first)) * slots_in_cluster();
    names_used_ = 1;
    while (names_used_ < slots && names_used_ < names_.size()) names_used_ *= 2;
    for (std::uint64_t& word : names_.first(names_used_)) word = 0;
    Item item{.directory = {volume_, table_, first}, .directory_first = first, .listing = {}};
    for (;; item.listing.first = item.listing.after()) {
        const auto next = item.directory.next(item.listing.first, item.listing);
        if (!next && next.error() == Error::no_entry) return {};
        if (!next) return next;
        const bool met_short = note(hash_of(item.listing.slot.name));
        const bool met_long = note(hash_of(item.listing.name));
        if ((met_short || met_long) && TRY(met_before(item))) {
            if (found(Trouble::same_name, &item, no_cluster)) TRY(give_name(item));
        }
    }
}

/// Whether a file before the item has its name.
Result<bool> Checker::met_before(Item& item) {
    Listing other;
    SlotReader reader{item.directory};
    for (std::uint32_t index = 0;; index = other.after()) {
        TRY(item.directory.next(reader, index, other));
        if (other.first >= item.listing.first) return false;
        if (same(other, item.listing)) return true;
    }
}

/// The item is called FSCKnnnn.REN from now on; its long name goes.
Result<void> Checker::give_name(Item& item) {
    for (std::uint32_t i = 0; i + 1 < item.listing.count; ++i) {
        const std::uint64_t part = TRY(item.directory.offset_of(item.listing.first + i));
        TRY(volume_.store_at(part, Slot::erased));
    }
    constexpr std::uint32_t numbers = 10'000;
    Listing other;
    for (std::uint32_t number = 0; number < numbers; ++number) {
        item.listing.slot.name = numbered(number);
        item.listing.slot.letters = 0;
        const auto taken = item.directory.find(shown_name(item.listing.slot), other);
        if (taken) continue;
        if (taken.error() != Error::no_entry) return taken;
        return save(item);
    }
    item.listing.slot.name[0] = Slot::erased;  // ten thousand of them: this one goes
    return save(item);
}

Result<void> Checker::save(const Item& item) {
    return volume_.set_slot(item.listing.offset, item.listing.slot);
}

}  // namespace libos::fs::fat

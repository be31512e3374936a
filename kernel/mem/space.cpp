#include "kernel/mem/space.hpp"

namespace kernel::mem {

namespace {

constexpr std::uint64_t table_flags =
    PageTableEntry::present | PageTableEntry::writable | PageTableEntry::user;

constexpr std::uint64_t leaf_flags(Rights rights) {
    std::uint64_t flags = PageTableEntry::present | PageTableEntry::user;
    if (includes(rights, Rights::write)) flags |= PageTableEntry::writable;
    if (!includes(rights, Rights::execute)) flags |= PageTableEntry::no_execute;
    return flags;
}

}  // namespace

bool Space::inside(const abi::SystemInfo& system, VirtAddr address, std::uint64_t pages) {
    const std::uint64_t first = abi::space_slot_first * abi::space_slot_size;
    const std::uint64_t last = abi::space_slot_info * abi::space_slot_size;
    const std::uint64_t offset = address.value - system.window_base;
    return address.value >= system.window_base && offset >= first && offset < last &&
           pages <= (last - offset) >> abi::page_shift;
}

Result<void> Space::check_rights(Rights rights) {
    constexpr Rights possible = Rights::read | Rights::write | Rights::execute;
    if (!includes(possible, rights) || !includes(rights, Rights::read)) {
        return base::error(Status::bad_argument);
    }
    if (includes(rights, Rights::write | Rights::execute)) {
        return base::error(Status::no_executable_writes);
    }
    return {};
}

void Space::changed(VirtAddr address) {
    memory_.charge(memory_.costs().invalidate);
    if (loaded_) memory_.core().invalidate(address);
}

Result<x86::WalkStep> Space::leaf(VirtAddr address) {
    auto view = [this](PhysAddr at) { return memory_.view(at); };
    const x86::WalkStep step = x86::walk(view, root_, address);
    if (step.level != 1) return base::error(Status::no_table);
    return step;
}

unsigned Space::missing_level(VirtAddr address) {
    auto view = [this](PhysAddr at) { return memory_.view(at); };
    return x86::walk(view, root_, address).level - 1;
}

void Space::map(const x86::WalkStep& leaf, VirtAddr address, FrameNumber frame, Rights rights) {
    CHITIN_ASSERT(leaf.level == 1 && !leaf.entry->valid());
    *leaf.entry = PageTableEntry::make(frame, leaf_flags(rights));
    memory_.frame(leaf.table).entries++;
    memory_.charge(memory_.costs().map);
    // No invalidation: hardware does not cache absent entries ([intel/vol3] 4.10.2.3).
    static_cast<void>(address);
}

std::uint64_t Space::unmap(VirtAddr address, std::uint64_t value) {
    const auto step = leaf(address);
    CHITIN_ASSERT(step.has_value() && step->entry->valid());
    changed(address);  // first: a later access must not set bits in the value
    const std::uint64_t bits = usage_bits(*step->entry);
    *step->entry = PageTableEntry::of_value(value);
    memory_.frame(step->table).entries--;
    memory_.charge(memory_.costs().map);
    return bits;
}

std::uint64_t Space::protect(VirtAddr address, Rights rights) {
    const auto step = leaf(address);
    CHITIN_ASSERT(step.has_value() && step->entry->valid());
    const std::uint64_t bits = usage_bits(*step->entry);
    const std::uint64_t usage =
        step->entry->bits() & (PageTableEntry::accessed | PageTableEntry::dirty);
    *step->entry = PageTableEntry::make(step->entry->frame(), leaf_flags(rights) | usage);
    changed(address);
    memory_.charge(memory_.costs().map);
    return bits;
}

std::uint64_t Space::age(const x86::WalkStep& leaf, VirtAddr address, std::uint64_t count,
                         std::uint64_t bits) {
    std::uint64_t mask = 0;
    if ((bits & 1) != 0) mask |= PageTableEntry::accessed;
    if ((bits & 2) != 0) mask |= PageTableEntry::dirty;
    std::uint64_t aged = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        PageTableEntry& entry = leaf.entry[i];
        if (!entry.valid() || !entry.has(mask)) continue;
        entry = PageTableEntry{entry.bits() & ~mask};
        changed(VirtAddr{address.value + i * abi::page_size});
        ++aged;
    }
    return aged;
}

Result<x86::WalkStep> Space::table_entry(VirtAddr address, unsigned level) {
    auto view = [this](PhysAddr at) { return memory_.view(at); };
    const x86::WalkStep step = x86::walk(view, root_, address, level + 1);
    if (step.level != level + 1) return base::error(Status::no_table);
    if (step.entry->valid()) return base::error(Status::already_mapped);
    return step;
}

void Space::install(const x86::WalkStep& parent, FrameNumber table, unsigned level,
                    const InfoWindow& info) {
    auto* entries = &memory_.object<PageTableEntry>(table);
    for (unsigned i = 0; i < x86::entries_per_table; ++i) entries[i] = PageTableEntry{};
    if (level == 3) {
        const unsigned first = x86::entries_per_table - 4;  // slot 127's four GiB
        for (unsigned i = 0; i < 3; ++i) {
            entries[first + i] = PageTableEntry::make(
                info.directories[i],
                PageTableEntry::user | PageTableEntry::accessed | PageTableEntry::no_execute);
        }
    }
    memory_.frame(table).level = static_cast<std::uint8_t>(level);
    *parent.entry = PageTableEntry::make(table, table_flags);
    memory_.frame(parent.table).entries++;
    memory_.charge(memory_.costs().map);
}

void Space::uninstall(VirtAddr address, unsigned level) {
    auto view = [this](PhysAddr at) { return memory_.view(at); };
    const x86::WalkStep step = x86::walk(view, root_, address, level + 1);
    CHITIN_ASSERT(step.level == level + 1 && step.entry->valid());
    *step.entry = PageTableEntry{};
    memory_.frame(step.table).entries--;
    changed(address);  // also drops cached upper levels ([intel/vol3] 4.10.4.1)
}

}  // namespace kernel::mem

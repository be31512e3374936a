#include "libos/rt/space.hpp"

namespace libos::rt {

namespace {

using kernel::abi::page_size;
constexpr std::uint32_t slots_kept = 8;  // for extending, and for tables on the way

}  // namespace

Result<void> Space::extend() {
    extending_ = true;
    const Result<Slot> frame = allocate();
    extending_ = false;
    const Slot slot = TRY(frame);
    const auto done = calls::env_extend(self, slot);
    if (!done.has_value()) {
        release(slot);
        return kernel::base::error(done.error());
    }
    slots_.give(slot);
    slots_.extend();
    return {};
}

Result<Slot> Space::take_slot() {
    if (slots_.free() <= slots_kept && !extending_ && slots_.size() < SlotAllocator::size_max) {
        const auto extended = extend();
        if (!extended.has_value() && slots_.free() == 0) {
            return kernel::base::error(extended.error());
        }
    }
    const auto slot = slots_.take();
    if (!slot) return kernel::base::error(Status::over_limit);
    return *slot;
}

Result<Slot> Space::allocate(FrameNumber frame, Slot account) {
    const Slot slot = TRY(take_slot());
    const auto name = calls::frame_allocate(account, slot, frame);
    if (name.has_value()) return slot;
    slots_.give(slot);
    return kernel::base::error(name.error());
}

void Space::release(Slot slot) {
    static_cast<void>(calls::cap_delete(slot));
    slots_.give(slot);
}

Result<Slot> Space::install(VirtAddr address, unsigned level) {
    const Slot table = TRY(allocate());
    const calls::Answer answer = calls::table_install(table, address, level);
    if (answer.status == Status::ok) return table;
    release(table);
    return kernel::base::error(answer.status);
}

Result<void> Space::map(Slot slot, VirtAddr address, Rights rights) {
    for (unsigned tables = 0;; ++tables) {
        const calls::Answer answer = calls::map(slot, address, rights);
        if (answer.status == Status::ok) return {};
        const bool missing = answer.status == Status::no_table && tables < 3;
        if (!missing) return kernel::base::error(answer.status);
        TRY(install(address, static_cast<unsigned>(answer.value)));
    }
}

Result<Slot> Space::install_leaf(VirtAddr address) {
    for (unsigned tables = 0;; ++tables) {
        const Slot table = TRY(allocate());
        const calls::Answer answer = calls::table_install(table, address, 1);
        if (answer.status == Status::ok) return table;
        release(table);
        const bool missing = answer.status == Status::no_table && tables < 3;
        if (!missing) return kernel::base::error(answer.status);
        TRY(install(address, static_cast<unsigned>(answer.value)));
    }
}

void Space::guarantee(Slot slot) {
    if (guarantees_) guarantees_ = calls::frame_guarantee(slot, true).has_value();
}

Result<void> Space::map_new(VirtAddr first, std::uint64_t pages) {
    for (std::uint64_t i = 0; i < pages; ++i) {
        const Slot slot = TRY(allocate());
        guarantee(slot);
        const VirtAddr address{first.value + i * page_size};
        const auto mapped = map(slot, address, Rights::read | Rights::write);
        if (mapped.has_value()) {
            note_own(slot, address);
            continue;
        }
        release(slot);
        return mapped;
    }
    return {};
}

void Space::note_own(Slot slot, VirtAddr address) {
    if (own_count_ == own_pages_max) {
        own_known_ = false;
        return;
    }
    const auto page =
        static_cast<std::uint32_t>((address.value - base_) >> kernel::abi::page_shift);
    own_pages_[own_count_++] = {slot, page};
}

VirtAddr Space::reserve(std::uint64_t pages) {
    const VirtAddr first{next_region_};
    const std::uint64_t bytes = (pages * page_size + leaf_span - 1) / leaf_span * leaf_span;
    CHITIN_ASSERT(next_region_ + bytes <= base_ + kernel::abi::space_slot_size);
    next_region_ += bytes;
    return first;
}

std::byte* Space::grow_heap(void* cookie, std::uint64_t pages) {
    Space& space = *static_cast<Space*>(cookie);
    const VirtAddr first{space.next_heap_};
    if (first.value + pages * page_size > space.base_ + region_offset) return nullptr;
    if (!space.map_new(first, pages).has_value()) return nullptr;
    space.next_heap_ += pages * page_size;
    return reinterpret_cast<std::byte*>(first.value);
}

}  // namespace libos::rt

// Space: the environment's own capability slots, frames and page tables.
//
// Why: every frame, table and slot is the libOS's to place. This is the plain part of it: give
// me a slot, a frame, a mapping with whatever page tables it lacks, a leaf table to look at.
//
//   the environment's space slot (4 GiB)
//   | 1 MiB stack | 2 MiB runtime | 16 MiB heap ... | 1 GiB regions (reserve()) ...      |
//
// Invariant: what it maps for the runtime (map_new) comes under the account's guarantee as long
// as that lasts, in the order of the calls.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/abi/start.hpp"
#include "libos/rt/calls.hpp"
#include "libos/rt/slot_allocator.hpp"

namespace libos::rt {

inline constexpr std::uint64_t runtime_offset = 2 << 20;
inline constexpr std::uint64_t heap_offset = 16 << 20;
inline constexpr std::uint64_t region_offset = std::uint64_t{1} << 30;
inline constexpr std::uint64_t leaf_span = std::uint64_t{2} << 20;

class Space {
public:
    Space(std::uint64_t base, std::uint32_t first_free_slot, std::uint32_t slots)
        : base_{base},
          next_heap_{base + heap_offset},
          next_region_{base + region_offset},
          slots_{first_free_slot, slots} {}

    std::uint64_t base() const { return base_; }

    // An empty slot of the own table, which grows by a frame when it is nearly full. Errors:
    // over_limit, no_frames.
    Result<Slot> take_slot();
    void give_slot(Slot slot) { slots_.give(slot); }

    // A frame of `account` in a slot of its own. Errors: as frame_allocate.
    Result<Slot> allocate(FrameNumber frame = kernel::abi::any_frame,
                          Slot account = kernel::abi::slot_account);
    // Deletes the capability and gives its slot back; an empty slot (a repossessed frame) too.
    void release(Slot slot);

    // Maps, putting in the page tables that are missing. Errors: as map and allocate.
    Result<void> map(Slot slot, VirtAddr address, Rights rights);

    // New frames, guaranteed while the guarantee lasts, read-write at `pages` pages from `first`
    // on. Stops at the first error.
    Result<void> map_new(VirtAddr first, std::uint64_t pages);
    // Puts a frame under the account's guarantee, if there is any left.
    void guarantee(Slot slot);

    // `pages` of address space that nothing else uses, behind the last reservation, beginning
    // at a leaf table's first page.
    VirtAddr reserve(std::uint64_t pages);

    // The leaf table of `address`, made now: its slot. Errors: as table_install.
    Result<Slot> install_leaf(VirtAddr address);

    // A page of address space for a mapping that lasts only for a moment.
    VirtAddr scratch() const { return VirtAddr{base_ + runtime_offset + kernel::abi::page_size}; }

    // ---- the runtime's own pages, which a forked child gets copies of
    struct OwnPage {
        Slot slot;
        std::uint32_t page;  // of the space slot
    };
    static constexpr std::uint32_t own_pages_max = 512;
    // A page that was mapped by whoever made this environment.
    void adopt(Slot slot, VirtAddr address) { note_own(slot, address); }
    std::span<const OwnPage> own_pages() const { return {own_pages_, own_count_}; }
    // Are all of them in own_pages()?
    bool own_pages_known() const { return own_known_; }
    const SlotAllocator& slots() const { return slots_; }
    // The table has one frame more, of which the first `taken` slots are in use.
    void extended_outside(std::uint32_t taken) { slots_.extend(taken); }

    // For Heap: more pages at the heap's end.
    static std::byte* grow_heap(void* space, std::uint64_t pages);

private:
    Result<Slot> install(VirtAddr address, unsigned level);
    Result<void> extend();
    void note_own(Slot slot, VirtAddr address);

    std::uint64_t base_;
    std::uint64_t next_heap_;
    std::uint64_t next_region_;
    SlotAllocator slots_;
    bool guarantees_ = true;
    bool extending_ = false;
    bool own_known_ = true;
    std::uint32_t own_count_ = 0;
    OwnPage own_pages_[own_pages_max];
};

}  // namespace libos::rt

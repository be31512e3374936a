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

    // For Heap: more pages at the heap's end.
    static std::byte* grow_heap(void* space, std::uint64_t pages);

private:
    Result<Slot> install(VirtAddr address, unsigned level);
    Result<void> extend();

    std::uint64_t base_;
    std::uint64_t next_heap_;
    std::uint64_t next_region_;
    SlotAllocator slots_;
    bool guarantees_ = true;
    bool extending_ = false;
};

}  // namespace libos::rt

// Walker: follows x86-64 page tables in physical memory, as the MMU does.
//
// One walk serves the kernel (which builds tables) and the hosted machine's MMU (which
// translates by them), so the two cannot disagree. `View` is any callable PhysAddr ->
// std::byte* that gives the kernel's pointer to a frame. [intel/vol3] 4.5.
#pragma once

#include <cstdint>

#include "kernel/abi/types.hpp"
#include "kernel/x86/page_table_entry.hpp"

namespace kernel::x86 {

// Where a walk ended.
struct WalkStep {
    PageTableEntry* entry = nullptr;  // the entry of `level`
    unsigned level = 0;               // 1: the leaf; above: the table below it is missing
    abi::FrameNumber table{};         // the table that holds `entry`
};

// Walks from `root` towards the table of level `target` (1..4) and stops there, or earlier at
// an entry that is not present.
template <class View>
WalkStep walk(View&& view, abi::FrameNumber root, abi::VirtAddr address, unsigned target = 1) {
    abi::FrameNumber table = root;
    for (unsigned level = levels;; --level) {
        auto* entries = reinterpret_cast<PageTableEntry*>(view(abi::address_of(table)));
        PageTableEntry* entry = &entries[index_of(address, level)];
        if (level == target || !entry->valid()) {
            return WalkStep{entry, level, table};
        }
        table = entry->frame();
    }
}

}  // namespace kernel::x86

// Space: an environment's page tables, changed only through checks.
//
// A view object over a root page table; it holds no state of its own. The libOS supplies every
// table frame; the kernel keeps the number of present entries in each table's FrameInfo, so
// that a table in use can be told in O(1).
//
// Invariants: only leaf entries inside slots 1..126 of the window are a libOS's; no entry is
// writable and executable; after a change the translation is invalidated on this core if the
// space is the one loaded.
#pragma once

#include "kernel/abi/rights.hpp"
#include "kernel/mem/memory.hpp"
#include "kernel/x86/walker.hpp"

namespace kernel::mem {

using abi::Rights;
using abi::VirtAddr;
using x86::PageTableEntry;

// The page-directory frames that show the info window, one for each of its first three GiB.
struct InfoWindow {
    FrameNumber directories[3];
};

// A leaf entry's accessed (bit 0) and dirty (bit 1) as libOSes get them.
constexpr std::uint64_t usage_bits(PageTableEntry entry) {
    return (entry.has(PageTableEntry::accessed) ? 1u : 0u) |
           (entry.has(PageTableEntry::dirty) ? 2u : 0u);
}

class Space {
public:
    Space(Memory& memory, FrameNumber root, bool loaded)
        : memory_{memory}, root_{root}, loaded_{loaded} {}

    // Is [address, address + pages) in slots 1..126? Relative to the window's base.
    static bool inside(const abi::SystemInfo& system, VirtAddr address, std::uint64_t pages = 1);
    // May the rights be those of one mapping? Errors: bad_argument, no_executable_writes.
    static Result<void> check_rights(Rights rights);

    // The leaf entry's slot. Errors: no_table.
    Result<x86::WalkStep> leaf(VirtAddr address);
    // At which level a table is missing on the way to `address`; 0: none is.
    unsigned missing_level(VirtAddr address);

    void map(const x86::WalkStep& leaf, VirtAddr address, FrameNumber frame, Rights rights);
    // Both return the usage bits that the entry had.
    std::uint64_t unmap(VirtAddr address, std::uint64_t value);
    std::uint64_t protect(VirtAddr address, Rights rights);
    // Clears usage bits of `count` entries from `leaf` on; how many had one.
    std::uint64_t age(const x86::WalkStep& leaf, VirtAddr address, std::uint64_t count,
                      std::uint64_t bits);

    // The entry that would name the table of `level` covering `address`. Errors: no_table,
    // already_mapped.
    Result<x86::WalkStep> table_entry(VirtAddr address, unsigned level);
    void install(const x86::WalkStep& parent, FrameNumber table, unsigned level,
                 const InfoWindow& info);
    void uninstall(VirtAddr address, unsigned level);

private:
    void changed(VirtAddr address);

    Memory& memory_;
    FrameNumber root_;
    bool loaded_;
};

}  // namespace kernel::mem

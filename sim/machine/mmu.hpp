// Mmu: translates an environment's addresses by the kernel's own page tables.
//
// The hardware's part is played by two things: the host's mappings in the window are the TLB
// (tlb.hpp), and access(), called when the host faults, is the page walk. access() sets
// accessed and dirty bits as hardware does ([intel/vol3] 4.8) and shows the page; a page whose
// dirty bit is clear is shown read-only, so that the first write comes here again.
//
// Staleness is the hardware's: a translation lasts until invalidate() or load_root(). Those
// are put off until settle(), which the core calls before an environment runs again: nobody
// can tell, contiguous pages cost one system call, and a page whose walk would give the very
// same translation again, its bits set already, need not be dropped at all.
//
// Invariants: accessed and dirty bits are set only for an access that happened; at most
// `tlb_pages` pages are shown; access() neither allocates nor locks (it runs in a signal
// handler).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernel/abi/types.hpp"
#include "kernel/x86/page_table_entry.hpp"
#include "sim/host/address_window.hpp"
#include "sim/host/memory_file.hpp"
#include "sim/machine/tlb.hpp"

namespace sim::machine {

class Mmu {
public:
    // The window begins at `base`; `ram` holds physical memory from `ram_first` on.
    Mmu(host::AddressWindow& window, std::uint64_t base, const host::MemoryFile& ram,
        kernel::abi::PhysAddr ram_first, std::uint32_t tlb_pages);

    bool covers(std::uint64_t address) const { return address - base_ < kernel::abi::window_size; }

    // An environment accessed `address`; `error` is the host's page-fault error code. Nothing:
    // the page is shown now. Else the error code of the page fault it is.
    std::optional<std::uint64_t> access(std::uint64_t address, std::uint64_t error);

    void load_root(kernel::abi::PhysAddr root);
    void invalidate(kernel::abi::VirtAddr address);
    void settle();
    // What hardware may do at any time, chosen by `draw`: drops some translations, or makes some
    // before they are used, of pages whose accessed bits are set ([intel/vol3] 4.10.2.3, 4.10.3.1).
    void shake(std::uint64_t draw);
    // Another core is about to use the same window: all translations go.
    void give_up_window();

    // What an environment would read there, without setting bits: for reports.
    std::optional<std::uint64_t> peek(std::uint64_t address) const;

    // A page that the environment could still use although the tables no longer say so and nobody
    // announced it: a forgotten invalidation. For checkers, between settle() and settle().
    std::optional<std::uint64_t> stale();

    // Counters, for tests and benchmarks.
    std::uint64_t fills() const { return fills_; }
    std::uint64_t flushes() const { return flushes_; }
    std::size_t lines() { return tlb_.lines().size(); }

private:
    struct Path;  // what a walk finds
    class Walks;

    kernel::x86::PageTableEntry* table(kernel::abi::FrameNumber frame) const;
    kernel::x86::PageTableEntry* upper(std::uint64_t address, Path& path) const;
    Path walk(std::uint64_t address) const;
    void set_accessed(std::uint64_t address);
    bool unchanged(const TlbLine& line, Walks& walks) const;
    bool show(const TlbLine& line, std::uint32_t count);
    void fill(const TlbLine& line, const Path& path);
    std::uint32_t run_length(const TlbLine& line, const Path& path);
    void remember(TlbLine line, std::uint32_t count);
    void collect_stale();
    void revive();
    bool revived(TlbLine& line, Walks& walks) const;
    void protect(std::uint32_t first, std::uint32_t count, host::Protection protection);
    void preload(std::uint32_t page);
    void flush();

    host::AddressWindow& window_;
    std::uint64_t base_;
    const host::MemoryFile& ram_;
    std::uint64_t ram_first_;
    kernel::abi::FrameNumber root_{};
    bool all_doubtful_ = false;             // a root was loaded
    std::vector<std::uint32_t> doubtful_;   // pages invalidated since settle()
    std::vector<std::uint32_t> stale_;      // settle()'s own
    std::vector<TlbLine> revived_;          // revive()'s own
    std::uint64_t fills_ = 0;
    std::uint64_t flushes_ = 0;
    Tlb tlb_;
};

}  // namespace sim::machine

// LeafViews: a region's leaf page tables, made now and mapped read-only beside it.
//
// Why: accessed and dirty bits, and the libOS's own values in non-present entries, are read by
// plain loads, without a call. A view is a frame derived from the table's capability.
//
// Invariant: from begin() on every page of the region has a leaf table and a view.
#pragma once

#include "libos/rt/environment.hpp"

namespace libos::vm {

// One page-table entry as the MMU left it ([intel/vol3] 4.5.5).
class Entry {
public:
    explicit constexpr Entry(std::uint64_t bits) : bits_{bits} {}
    constexpr bool present() const { return (bits_ & 1) != 0; }
    constexpr bool accessed() const { return (bits_ & 1 << 5) != 0; }
    constexpr bool dirty() const { return (bits_ & 1 << 6) != 0; }
    // What the libOS left in a non-present entry.
    constexpr std::uint64_t value() const { return bits_ >> 1; }

private:
    std::uint64_t bits_;
};

inline constexpr std::uint32_t pages_per_leaf = 512;

class LeafViews {
public:
    // Tables and views for `pages` pages from `first` on, a leaf table's first page. Errors: as
    // Space::map.
    rt::Result<void> begin(rt::Space& space, rt::VirtAddr first, std::uint32_t pages);

    Entry entry(std::uint32_t page) const { return Entry{views_[page]}; }
    static std::uint32_t tables_of(std::uint32_t pages) {
        return (pages + pages_per_leaf - 1) / pages_per_leaf;
    }

private:
    const volatile std::uint64_t* views_ = nullptr;  // contiguous: entry i is the region's page i
};

}  // namespace libos::vm

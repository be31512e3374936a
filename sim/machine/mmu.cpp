#include "sim/machine/mmu.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "kernel/abi/upcall.hpp"
#include "kernel/base/assert.hpp"

namespace sim::machine {

using host::Protection;
using kernel::abi::FrameNumber;
using kernel::abi::VirtAddr;
using kernel::x86::PageTableEntry;

namespace {

constexpr std::uint64_t page_bytes = kernel::abi::page_size;
// Pages shown at once, where their bits are set already.
constexpr std::uint32_t run_pages_max = 256;
// Above this many stale pages, one new mapping of the whole window is cheaper.
constexpr std::size_t drops_max = 4096;
constexpr std::size_t doubtful_max = 8192;
// With more lines, looking at all of them at each switch costs more than the faults it saves.
constexpr std::size_t revive_lines_max = 512;

}  // namespace

// What the entries from the root to a leaf say together.
struct Mmu::Path {
    PageTableEntry* leaf = nullptr;  // none: not present
    std::uint64_t all = ~std::uint64_t{0};
    std::uint64_t any = 0;

    // False where the walk ends.
    [[gnu::always_inline]] bool add(PageTableEntry entry) {
        all &= entry.bits();
        any |= entry.bits();
        return entry.valid();
    }
    bool has(std::uint64_t flags) const { return (all & flags) == flags; }
    bool user() const { return leaf != nullptr && has(PageTableEntry::user); }
    bool writable() const { return has(PageTableEntry::writable); }
    bool executable() const { return (any & PageTableEntry::no_execute) == 0; }
    bool accessed() const { return has(PageTableEntry::accessed); }
    std::uint32_t frame() const { return leaf->frame().value; }
    // How hardware's TLB would hold it: without the right to write until the dirty bit is set.
    Protection protection() const {
        if (writable() && leaf->has(PageTableEntry::dirty)) return Protection::read_write;
        return executable() ? Protection::read_execute : Protection::read;
    }
};

// Walks many pages while nothing changes: those of one leaf table share all but the last step.
class Mmu::Walks {
public:
    explicit Walks(const Mmu& mmu) : mmu_{mmu} {}

    Path walk(std::uint64_t address) {
        const std::uint64_t number = address >> region_shift;
        Region& region = regions_[number % regions_.size()];
        if (region.number != number) region = {number, mmu_.upper(address, region.path)};
        Path path = region.path;
        if (region.leaves == nullptr) return path;
        PageTableEntry* entry = region.leaves + kernel::x86::index_of(VirtAddr{address}, 1);
        if (path.add(*entry)) path.leaf = entry;
        return path;
    }

private:
    static constexpr unsigned region_shift = kernel::abi::page_shift + 9;
    struct Region {
        std::uint64_t number = ~std::uint64_t{0};
        PageTableEntry* leaves = nullptr;  // the table's; none: no table there
        Path path{};                       // as far as the leaf table
    };

    const Mmu& mmu_;
    std::array<Region, 8> regions_{};
};

Mmu::Mmu(host::AddressWindow& window, std::uint64_t base, const host::MemoryFile& ram,
         kernel::abi::PhysAddr ram_first, std::uint32_t tlb_pages)
    : window_{window},
      base_{base},
      ram_{ram},
      ram_first_{ram_first.value},
      tlb_{tlb_pages} {
    doubtful_.reserve(doubtful_max);
    stale_.reserve(tlb_pages);
    revived_.reserve(revive_lines_max);
}

PageTableEntry* Mmu::table(FrameNumber frame) const {
    const std::uint64_t offset = kernel::abi::address_of(frame).value - ram_first_;
    CHITIN_ASSERT(offset < ram_.view().size());
    return reinterpret_cast<PageTableEntry*>(ram_.view().data() + offset);
}

// The leaf table that covers `address`, or nothing; `path` becomes what leads there.
[[gnu::always_inline]] inline PageTableEntry* Mmu::upper(std::uint64_t address, Path& path) const {
    path = {};
    PageTableEntry* entries = table(root_);
    for (unsigned level = kernel::x86::levels; level > 1; --level) {
        const PageTableEntry entry = entries[kernel::x86::index_of(VirtAddr{address}, level)];
        if (!path.add(entry)) return nullptr;
        entries = table(entry.frame());
    }
    return entries;
}

Mmu::Path Mmu::walk(std::uint64_t address) const {
    Path path;
    PageTableEntry* leaves = upper(address, path);
    if (leaves == nullptr) return path;
    PageTableEntry* entry = leaves + kernel::x86::index_of(VirtAddr{address}, 1);
    if (path.add(*entry)) path.leaf = entry;
    return path;
}

// As hardware does before it uses a translation.
void Mmu::set_accessed(std::uint64_t address) {
    PageTableEntry* entries = table(root_);
    for (unsigned level = kernel::x86::levels; level >= 1; --level) {
        PageTableEntry& entry = entries[kernel::x86::index_of(VirtAddr{address}, level)];
        entry = PageTableEntry{entry.bits() | PageTableEntry::accessed};
        if (level > 1) entries = table(entry.frame());
    }
}

std::optional<std::uint64_t> Mmu::access(std::uint64_t address, std::uint64_t error) {
    using namespace kernel::abi;
    const bool write = (error & fault_write) != 0;
    const bool fetch = (error & fault_fetch) != 0;
    const std::uint64_t kind = fault_user | (error & (fault_write | fault_fetch));
    const Path path = walk(address);
    if (path.leaf == nullptr) return kind;
    const bool allowed =
        path.user() && (!write || path.writable()) && (!fetch || path.executable());
    if (!allowed) return kind | fault_present;
    if (!path.accessed()) set_accessed(address);
    if (write) *path.leaf = PageTableEntry{path.leaf->bits() | PageTableEntry::dirty};
    const auto page = static_cast<std::uint32_t>((address - base_) >> page_shift);
    fill(TlbLine{page, path.frame(), path.protection()}, path);
    return std::nullopt;
}

bool Mmu::show(const TlbLine& line, std::uint32_t count) {
    const FrameNumber frame{line.frame};
    const std::uint64_t offset = kernel::abi::address_of(frame).value - ram_first_;
    CHITIN_ASSERT(offset + count * page_bytes <= ram_.view().size());
    return window_.map(base_ + line.page * page_bytes, count, offset, line.protection);
}

void Mmu::fill(const TlbLine& line, const Path& path) {
    fills_++;
    if (TlbLine* known = tlb_.find(line.page); known != nullptr && known->frame == line.frame) {
        known->protection = line.protection;
        const bool shown = window_.protect(base_ + line.page * page_bytes, 1, line.protection);
        if (shown) return;
    }
    if (tlb_.full() || host::AddressWindow::crowded()) flush();
    const std::uint32_t count = run_length(line, path);
    bool shown = show(line, count);
    if (!shown) {
        flush();
        shown = show(line, count);
    }
    CHITIN_ASSERT(shown);
    remember(line, count);
}

// How many pages from `line` on can be shown with one mapping: the same rights, frames in a
// row, bits set already, not shown yet, within one leaf table.
std::uint32_t Mmu::run_length(const TlbLine& line, const Path& path) {
    const std::uint32_t in_table =
        kernel::x86::entries_per_table - line.page % kernel::x86::entries_per_table;
    const auto room = static_cast<std::uint32_t>(tlb_.capacity() - tlb_.lines().size());
    const std::uint32_t count_max = std::min({in_table, run_pages_max, std::max(room, 1u)});
    constexpr std::uint64_t frame_step = page_bytes;
    std::uint32_t count = 1;
    while (count < count_max && tlb_.find(line.page + count) == nullptr) {
        const std::uint64_t expected = path.leaf->bits() + count * frame_step;
        if (path.leaf[count].bits() != expected) break;
        count++;
    }
    return count;
}

void Mmu::remember(TlbLine line, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i, ++line.page, ++line.frame) {
        if (TlbLine* known = tlb_.find(line.page)) {
            *known = line;
        } else {
            tlb_.insert(line);
        }
    }
}

void Mmu::load_root(kernel::abi::PhysAddr root) {
    root_ = kernel::abi::frame_of(root);
    all_doubtful_ = true;
}

void Mmu::invalidate(VirtAddr address) {
    if (!covers(address.value) || all_doubtful_) return;
    if (doubtful_.size() == doubtful_max) {
        all_doubtful_ = true;
        return;
    }
    doubtful_.push_back(
        static_cast<std::uint32_t>((address.value - base_) >> kernel::abi::page_shift));
}

// Would dropping the page and walking again on the next access change nothing at all?
bool Mmu::unchanged(const TlbLine& line, Walks& walks) const {
    const Path path = walks.walk(base_ + line.page * page_bytes);
    return path.user() && path.accessed() && path.frame() == line.frame &&
           path.protection() == line.protection;
}

std::optional<std::uint64_t> Mmu::stale() {
    if (all_doubtful_) return std::nullopt;
    Walks walks{*this};
    for (const TlbLine& line : tlb_.lines()) {
        if (line.protection == Protection::none) continue;
        if (std::ranges::find(doubtful_, line.page) != doubtful_.end()) continue;
        const std::uint64_t address = base_ + line.page * page_bytes;
        const Path path = walks.walk(address);
        const bool same = path.user() && path.frame() == line.frame;
        const bool writes = line.protection == Protection::read_write;
        const bool runs = line.protection == Protection::read_execute;
        if (!same || (writes && !path.writable()) || (runs && !path.executable())) return address;
    }
    return std::nullopt;
}

void Mmu::collect_stale() {
    stale_.clear();
    Walks walks{*this};
    const auto check = [this, &walks](TlbLine& line) {
        if (line.protection == Protection::none || unchanged(line, walks)) return;
        line.protection = Protection::none;
        stale_.push_back(line.page);
    };
    if (all_doubtful_) {
        for (TlbLine& line : tlb_.lines()) check(line);
    } else {
        for (const std::uint32_t page : doubtful_) {
            if (TlbLine* line = tlb_.find(page)) check(*line);
        }
    }
    all_doubtful_ = false;
    doubtful_.clear();
}

void Mmu::settle() {
    const bool switched = all_doubtful_;
    collect_stale();
    if (stale_.size() > drops_max) return flush();
    std::ranges::sort(stale_);
    for (std::size_t i = 0; i < stale_.size();) {
        std::size_t end = i + 1;
        while (end < stale_.size() && stale_[end] == stale_[end - 1] + 1) ++end;
        protect(stale_[i], static_cast<std::uint32_t>(end - i), Protection::none);
        i = end;
    }
    if (switched && tlb_.lines().size() <= revive_lines_max) revive();
}

// May a dropped page be shown again? Hardware may load any translation whose accessed bits are
// set.
bool Mmu::revived(TlbLine& line, Walks& walks) const {
    if (line.protection != Protection::none) return false;
    const Path path = walks.walk(base_ + line.page * page_bytes);
    const bool same = path.user() && path.accessed() && path.frame() == line.frame;
    if (same) line.protection = path.protection();
    return same;
}

// After a switch: what this environment used when it ran last. A change of protection for each run
// of pages costs less than the faults that would ask for them one by one.
void Mmu::revive() {
    revived_.clear();
    Walks walks{*this};
    for (TlbLine& line : tlb_.lines()) {
        if (revived(line, walks)) revived_.push_back(line);
    }
    std::ranges::sort(revived_, {}, &TlbLine::page);
    for (std::size_t i = 0; i < revived_.size();) {
        std::size_t end = i + 1;
        while (end < revived_.size() && revived_[end].page == revived_[end - 1].page + 1 &&
               revived_[end].protection == revived_[i].protection) {
            ++end;
        }
        protect(revived_[i].page, static_cast<std::uint32_t>(end - i), revived_[i].protection);
        i = end;
    }
}

void Mmu::shake(std::uint64_t draw) {
    constexpr std::size_t pages_most = 16;
    const bool load = (draw & 2) != 0;
    stale_.clear();
    for (TlbLine& line : tlb_.lines()) {
        const std::uint64_t mixed = (line.page ^ draw >> 2) * 0x9e37'79b9'7f4a'7c15;
        if (mixed >> 62 != 0 || stale_.size() == std::min(pages_most, stale_.capacity())) continue;
        if (!load && line.protection == Protection::none) continue;
        if (!load) line.protection = Protection::none;
        stale_.push_back(line.page + (load ? static_cast<std::uint32_t>(mixed >> 61 & 1) : 0));
    }
    for (const std::uint32_t page : stale_) {
        load ? preload(page) : protect(page, 1, Protection::none);
    }
}

void Mmu::preload(std::uint32_t page) {
    const std::uint64_t address = base_ + page * page_bytes;
    const TlbLine* known = tlb_.find(page);
    if (!covers(address) || (known != nullptr && known->protection != Protection::none)) return;
    const Path path = walk(address);
    if (!path.user() || !path.accessed()) return;
    fill(TlbLine{page, path.frame(), path.protection()}, path);
}

void Mmu::protect(std::uint32_t first, std::uint32_t count, Protection protection) {
    if (!window_.protect(base_ + first * page_bytes, count, protection)) flush();
}

void Mmu::flush() {
    window_.clear();
    tlb_.clear();
    flushes_++;
}

std::optional<std::uint64_t> Mmu::peek(std::uint64_t address) const {
    if (!covers(address) || address % sizeof(std::uint64_t) != 0) return std::nullopt;
    const Path path = walk(address);
    if (!path.user()) return std::nullopt;
    const auto* bytes = reinterpret_cast<const std::byte*>(table(path.leaf->frame()));
    std::uint64_t word;
    std::memcpy(&word, bytes + address % page_bytes, sizeof word);
    return word;
}

void Mmu::give_up_window() {
    if (!tlb_.lines().empty()) flush();
}

}  // namespace sim::machine

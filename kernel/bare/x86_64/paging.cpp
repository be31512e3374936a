#include "kernel/bare/x86_64/paging.hpp"

#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/ports.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/x86/page_table_entry.hpp"

extern "C" const char chitin_text_begin[], chitin_rodata_begin[], chitin_data_begin[];
extern "C" const char chitin_guards_begin[], chitin_data_end[], chitin_image_end[];

namespace kernel::bare {

using Entry = x86::PageTableEntry;
using Table = std::uint64_t[512];

// boot.S fills these first.
extern "C" {
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table chitin_kernel_root;
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table chitin_direct_pdpt;
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table chitin_direct_directories[4];
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table chitin_image_pdpt;
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table chitin_image_directory;
}

namespace {

[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table image_leaves;

constexpr std::uint64_t global = 1 << 8;
constexpr std::uint64_t large = 1 << 7;
constexpr std::uint64_t uncached = 1 << 3 | 1 << 4;
constexpr std::uint64_t accessed_dirty = Entry::accessed | Entry::dirty;

constexpr std::uint64_t read_only =
    Entry::present | Entry::no_execute | global | accessed_dirty;
constexpr std::uint64_t read_write = read_only | Entry::writable;
constexpr std::uint64_t read_execute = Entry::present | global | accessed_dirty;

void map_image(const char* begin, const char* end, std::uint64_t flags) {
    for (std::uint64_t at = image_physical(begin); at < image_physical(end); at += 4096) {
        image_leaves[at / 4096] = at | flags;
    }
}

// The stacks, as kernel.ld lays them out: guard, stack, guard, stack, ...
void unmap_guards() {
    constexpr std::uint64_t stack_pages[] = {4, 2, 2, 2};
    std::uint64_t page = image_physical(chitin_guards_begin) / 4096;
    for (const std::uint64_t pages : stack_pages) {
        image_leaves[page] = 0;
        page += 1 + pages;
    }
}

}  // namespace

void paging_final(std::uint64_t ram_end) {
    map_image(chitin_text_begin, chitin_rodata_begin, read_execute);
    map_image(chitin_rodata_begin, chitin_data_begin, read_only);
    map_image(chitin_data_begin, chitin_data_end, read_write);
    map_image(chitin_data_end, chitin_image_end, read_only);
    unmap_guards();
    constexpr std::uint64_t apic_physical = 0xfee0'0000, screen_physical = 0xb'8000;
    image_leaves[511] = apic_physical | read_write | uncached;
    image_leaves[510] = screen_physical | read_write | uncached;
    chitin_image_directory[0] = image_physical(image_leaves) | Entry::present | Entry::writable;

    constexpr std::uint64_t pool = abi::address_of(machine::pool_first).value;
    auto* directory = &chitin_direct_directories[0][0];
    for (std::uint64_t at = 0; at < direct_end; at += large_page) {
        const bool ours = at >= pool && at < ram_end;
        directory[at / large_page] = ours ? at | read_write | large : 0;
    }
    chitin_kernel_root[0] = 0;
    load_kernel_root();
}

void load_kernel_root() { write_cr3(image_physical(chitin_kernel_root)); }

std::span<std::uint64_t, 512> kernel_root() { return chitin_kernel_root; }

void share_kernel_half(std::span<std::uint64_t, 512> root) {
    for (std::size_t i = 256; i < 512; ++i) {
        root[i] = chitin_kernel_root[i];
    }
}

}  // namespace kernel::bare

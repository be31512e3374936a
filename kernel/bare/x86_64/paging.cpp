#include "kernel/bare/x86_64/paging.hpp"

#include <cstring>

#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/ports.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/x86/page_table_entry.hpp"

extern "C" const char chitin_text_begin[], chitin_rodata_begin[], chitin_data_begin[];
extern "C" const char chitin_guards_begin[], chitin_data_end[], chitin_image_end[];
extern "C" const char chitin_core_begin[], chitin_core_bytes[];  // the latter: a number

namespace kernel::bare {

using Entry = x86::PageTableEntry;
using Table = std::uint64_t[512];

// What each core's own pages begin with.
struct alignas(4096) OwnTables {
    Table root, pdpt, directory, leaves;  // the last three: the image's
};

// boot.S fills these first, and has OwnTables' layout.
extern "C" {
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table chitin_direct_pdpt;
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table chitin_direct_directories[4];
[[gnu::section(".bss.core_tables")]] OwnTables chitin_own_tables;
}

namespace {

CHITIN_OWN std::uint64_t root_physical = 0;

alignas(abi::page_size) CHITIN_OWN
    std::byte code_pages[machine::code_pages][abi::page_size] = {};

// Devices' registers lie below the image, at the places of the first MiB (which is not mapped).
constexpr std::uint32_t device_leaf_end = 256;
CHITIN_OWN std::uint32_t device_leaf = 0;

OwnTables& tables = chitin_own_tables;

constexpr std::uint64_t global = 1 << 8;
constexpr std::uint64_t large = 1 << 7;
constexpr std::uint64_t boot_code = 1 << 20;  // physical: kernel.ld
constexpr std::uint64_t uncached = 1 << 3 | 1 << 4;
constexpr std::uint64_t accessed_dirty = Entry::accessed | Entry::dirty;

constexpr std::uint64_t read_only =
    Entry::present | Entry::no_execute | global | accessed_dirty;
constexpr std::uint64_t read_write = read_only | Entry::writable;
constexpr std::uint64_t read_execute = Entry::present | global | accessed_dirty;
constexpr std::uint64_t table = Entry::present | Entry::writable;

void map_image(const char* begin, const char* end, std::uint64_t flags) {
    for (std::uint64_t at = image_physical(begin); at < image_physical(end); at += 4096) {
        tables.leaves[at / 4096] = at | flags;
    }
}

// Translations of the page are forgotten, and so is what was decoded of its contents: invlpg
// serialises ([intel/vol3] 8.3).
void protect_code(std::uint32_t page, std::uint64_t flags) {
    std::uint64_t& leaf = tables.leaves[image_physical(code_pages[page]) / abi::page_size];
    leaf = abi::address_of(Entry{leaf}.frame()).value | flags;
    invalidate_page(code_pages[page]);
}

// The stacks, as kernel.ld lays them out: guard, stack, guard, stack, ...
void unmap_guards() {
    constexpr std::uint8_t stack_pages[] = {4, 2, 2, 2};
    std::uint64_t page = image_physical(chitin_guards_begin) / 4096;
    for (const std::uint8_t pages : stack_pages) {
        tables.leaves[page] = 0;
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
    tables.leaves[511] = apic_physical | read_write | uncached;
    tables.leaves[510] = screen_physical | read_write | uncached;
    tables.directory[0] = image_physical(tables.leaves) | table;

    constexpr std::uint64_t pool = abi::address_of(machine::pool_first).value;
    auto* directory = &chitin_direct_directories[0][0];
    for (std::uint64_t at = 0; at < direct_end; at += large_page) {
        const bool ours = at >= pool && at < ram_end;
        directory[at / large_page] = ours ? at | read_write | large : 0;
    }
    paging_own(image_physical(tables.root));
}

std::byte* paging_map_device(std::uint64_t physical, std::uint32_t bytes) {
    const std::uint64_t begin = physical & ~std::uint64_t{4095};
    const std::uint64_t pages = (physical + bytes - begin + 4095) / 4096;
    if (pages > device_leaf_end - device_leaf) return nullptr;
    const std::uint64_t first = device_leaf;
    for (std::uint64_t i = 0; i < pages; ++i) {
        tables.leaves[device_leaf++] = (begin + i * 4096) | read_write | uncached;
    }
    return reinterpret_cast<std::byte*>(image_base + first * 4096 + (physical - begin));
}

std::span<std::byte> paging_open_code(std::uint32_t page) {
    protect_code(page, read_write);
    return code_pages[page];
}

const std::byte* paging_seal_code(std::uint32_t page) {
    protect_code(page, read_execute);
    return code_pages[page];
}

std::uint64_t core_bytes() {
    return reinterpret_cast<std::uint64_t>(chitin_core_bytes);
}

std::uint32_t paging_for_core(std::uint64_t own) {
    auto& its = *reinterpret_cast<OwnTables*>(direct(own));
    std::memcpy(&its, chitin_core_begin,
                static_cast<std::size_t>(chitin_guards_begin - chitin_core_begin));
    const std::uint64_t begin = image_physical(chitin_core_begin);
    for (std::uint64_t offset = 0; offset < core_bytes(); offset += 4096) {
        std::uint64_t& leaf = its.leaves[(begin + offset) / 4096];
        if (leaf != 0) leaf += own - begin;
    }
    its.leaves[boot_code / 4096] = boot_code | read_execute;
    its.directory[0] = (own + offsetof(OwnTables, leaves)) | table;
    its.pdpt[0] = its.pdpt[510] = (own + offsetof(OwnTables, directory)) | table;
    its.root[0] = its.root[511] = (own + offsetof(OwnTables, pdpt)) | table;
    return static_cast<std::uint32_t>(own);
}

void paging_own(std::uint64_t root) {
    tables.root[0] = 0;
    tables.pdpt[0] = 0;
    tables.leaves[boot_code / 4096] = 0;
    root_physical = root;
    load_kernel_root();
}

void load_kernel_root() { write_cr3(root_physical); }

std::span<std::uint64_t, 512> kernel_root() { return tables.root; }

void share_kernel_half(std::span<std::uint64_t, 512> root) {
    for (std::size_t i = 256; i < 512; ++i) {
        root[i] = tables.root[i];
    }
}

}  // namespace kernel::bare

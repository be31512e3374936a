// Paging: the kernel's own mappings, W^X, and what every root shares (layout.hpp).
//
// Each core has tables of its own for the kernel's image, which differ in one stretch only: at
// chitin_core_begin each core finds its own pages. The tables themselves lie there too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel::bare {

// Replaces boot.S's tables: image by kind, guard pages absent, a direct map of
// [16 MiB, ram_end), no identity map.
void paging_final(std::uint64_t ram_end);

// Maps a device's registers, uncached, on this core alone: `bytes` from `physical` on. Null: there
// is no room. After the final paging.
std::byte* paging_map_device(std::uint64_t physical, std::uint32_t bytes);

// This core's page for compiled code (machine::code_pages of them): writable, or executable, not
// both. After the final paging.
std::span<std::byte> paging_open_code(std::uint32_t page);
const std::byte* paging_seal_code(std::uint32_t page);

// The bytes that each core has of its own, in whole pages.
std::uint64_t core_bytes();

// Makes another core's pages at the physical address `own` of the direct map: tables like this
// core's, a copy of what this core has behind them, stacks. Until it calls paging_own() its root
// also maps the image at its physical address, where the core turns paging on. Returns the root.
std::uint32_t paging_for_core(std::uint64_t own);
void paging_own(std::uint64_t root);

// Puts this core's kernel half into a root.
void share_kernel_half(std::span<std::uint64_t, 512> root);

// Back to this core's own root: no environment's memory is mapped.
void load_kernel_root();

// Walks everything reachable from `root`; returns how many pages are writable and executable,
// and adds the number of pages seen to `pages`.
std::uint64_t audit_write_execute(const std::uint64_t* root, std::uint64_t& pages);
std::span<std::uint64_t, 512> kernel_root();

}  // namespace kernel::bare

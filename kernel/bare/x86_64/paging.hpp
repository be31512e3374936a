// Paging: the kernel's own mappings, W^X, and what every root shares (layout.hpp).
#pragma once

#include <cstdint>
#include <span>

namespace kernel::bare {

// Replaces boot.S's tables: image by kind, guard pages absent, a direct map of
// [16 MiB, ram_end), no identity map.
void paging_final(std::uint64_t ram_end);

// Puts the kernel's half into a root.
void share_kernel_half(std::span<std::uint64_t, 512> root);

// Back to the kernel's own root: no environment's memory is mapped.
void load_kernel_root();

// Walks everything reachable from `root`; returns how many pages are writable and executable,
// and adds the number of pages seen to `pages`.
std::uint64_t audit_write_execute(const std::uint64_t* root, std::uint64_t& pages);
std::span<std::uint64_t, 512> kernel_root();

}  // namespace kernel::bare

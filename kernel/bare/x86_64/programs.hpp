// Programs: the ELF files of the bundle, mapped where they lie into the text window.
//
// Why in place: a program is code and constants only, so every environment of every cell can
// share the bundle's own frames: user read/execute or user read-only, never writable. The
// window is PML4[0], shared by all roots.
// Invariants: nothing is mapped that a segment does not name; segments are page-aligned in
// file and memory, have no zero-filled tail, and no two share a page.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/abi/info.hpp"

namespace kernel::bare {

// Maps every program of the checked bundle, now at `bundle` and physical `physical`; the
// result is valid until the next call. Panics with a sentence and the program's name if one
// is malformed: what cannot be mapped safely does not boot.
std::span<const abi::ProgramInfo> programs_map(const std::byte* bundle, std::uint64_t physical);

// The PML4 entry of the text window.
std::uint64_t text_window_entry();

}  // namespace kernel::bare

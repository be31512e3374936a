// The kernel's entry: a machine calls run_cell() once for each cell, on a core of its own.
#pragma once

#include "kernel/machine/boot_info.hpp"
#include "kernel/machine/machine.hpp"

namespace kernel {

// Boots the exokernel in the pool that `boot` describes, starts the root environment, and
// returns when it has ended and all it had was returned.
machine::Outcome run_cell(machine::Core& core, const machine::BootInfo& boot);

// Is this blob a well-formed bundle of at most `bytes` bytes? Returns nullptr, or what is
// wrong in one sentence. Every machine and tool calls it before using a bundle.
const char* bundle_check(const std::byte* blob, std::uint64_t bytes);

}  // namespace kernel

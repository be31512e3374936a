// Registry: which frame caches which block of a disk, so that environments share what they cache.
//
// Entries lie in the info window for all to see (kernel/abi/disk.hpp) and promise nothing: each is
// looked at again when somebody wants its frame, as a request's capabilities are.
//
// Invariants: of one environment at most one entry a block, and registry_own_max in all.
#pragma once

#include "kernel/disk/disk.hpp"

namespace kernel::disk {

// Puts the entry in, or in the place of env's own for that block. Errors: over_limit, busy.
Result<void> enter(System& system, FrameNumber object, const abi::CachedBlock& entry);
// Who has a frame of that block now; nullptr: nobody.
const abi::CachedBlock* find_cached(System& system, FrameNumber object, std::uint32_t block);

}  // namespace kernel::disk

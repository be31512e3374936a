// Cores: starting the machine's other processors, and running a cell on some of them.
//
// Core 0 is the processor that the firmware started. The others wait halted in the kernel's own
// root until a cell wants them, and again from its end on: core 0 zeroes and moves memory only
// then. What they share is here and in promises.hpp, the console and the programs' tables; all
// else each has of its own.
// Starting: [intel/vol3] 9.4 (INIT, SIPI, SIPI); the trampoline is in boot.S.
#pragma once

#include <cstdint>

#include "kernel/bare/x86_64/boot_sources.hpp"
#include "kernel/bare/x86_64/processors.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/machine/machine.hpp"

namespace kernel::bare {

machine::Core& this_core();

// Before the final paging: puts the trampoline into usable RAM below 1 MiB.
void cores_prepare(const BootSources& sources);

// Starts as many as make `wanted` with this one; panics if one does not answer. Each gets
// core_bytes() from `memory` on, in the direct map.
void cores_start(const Processors& processors, std::uint32_t wanted, std::uint64_t memory);

// Runs `entry` on each of the cell's cores; `boot` is core 0's. Returns when all are back.
using CoreEntry = machine::Outcome (*)(machine::Core&, const machine::BootInfo&);
machine::Outcome cores_run(CoreEntry entry, const machine::BootInfo& boot);

// For a panic: the other cores stop where they are, for good.
void cores_stop();

}  // namespace kernel::bare

// Trap entry: from the host's signals to the traps that run() returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/host/interruption.hpp"
#include "sim/machine/mmu.hpp"

namespace kernel::machine {
class Core;
}

namespace sim::machine {

// The handler for host::route_interruptions.
bool take_interruption(const host::Interruption& interruption,
                       host::InterruptedRegisters& registers);

// Which core runs on this thread; null between cells. The watchdog watches it.
void set_running_core(kernel::machine::Core* core);

// What may be return addresses on an environment's stack, which is read as its memory is, from
// `rsp` on; how many there are. For a signal handler too.
std::size_t note_stack(std::span<std::uint64_t> into, const Mmu& mmu, std::uint64_t rsp);

// How often the watchdog's timer ticks per watchdog_seconds.
inline constexpr unsigned watchdog_ticks = 4;

}  // namespace sim::machine

// Trap entry: from the host's signals to the traps that run() returns.
#pragma once

#include "sim/host/interruption.hpp"

namespace kernel::machine {
class Core;
}

namespace sim::machine {

// The handler for host::route_interruptions.
bool take_interruption(const host::Interruption& interruption,
                       host::InterruptedRegisters& registers);

// Which core runs on this thread; null between cells. The watchdog watches it.
void set_running_core(kernel::machine::Core* core);

// How often the watchdog's timer ticks per watchdog_seconds.
inline constexpr unsigned watchdog_ticks = 4;

}  // namespace sim::machine

// Charging: time that the kernel uses for an environment which is not on the core.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

// `price_ns` pass, and are env's: its time, and where a slice is bound to it, that slice's debt.
// Who was running loses no time to it.
void charge_to(System& system, Env& env, std::uint32_t price_ns);

}  // namespace kernel::env

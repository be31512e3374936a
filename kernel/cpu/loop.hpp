// The loop: every core's whole life, the same on both machines.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::cpu {

// Runs environments until the root environment has ended.
void run(env::System& system);

}  // namespace kernel::cpu

// Schedule: what time brings on this core: slices, wake-ups, revocation deadlines.
//
// The kernel looks at the clock once an entry and comes here only when something is due.
// Slices are equal and go round the ring of runnable environments, until slices become
// capabilities of their own.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::cpu {

// Does what is due, and leaves `running` naming an environment to run, unless the system has
// finished.
void attend(env::System& system);
// Was it the horizon alone that was reached? Then it is as if nothing had happened: when that is
// differs from machine to machine. Moves the horizon.
bool nothing_due(env::System& system);

}  // namespace kernel::cpu

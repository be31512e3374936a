// Predicates: waking environments whose downloaded code says that it is time (call park_until).
//
// After Xok's wakeup predicates (Kaashoek et al., SOSP 1997). Looked at where the kernel chooses
// whom to run, and at no other time, so that both machines look at the same points of a history.
// Each look is charged by the program's proven bound, to who sleeps: as time, and where
// a slice is bound to it, as that slice's debt; who was running loses no time to it.
// Decision: kernel/design/0012-downloaded-code.md.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::cpu {

// Is it time for the parked `env` to wake? Also where it sleeps on something that is gone.
bool predicate_holds(env::System& system, env::Env& env);

}  // namespace kernel::cpu

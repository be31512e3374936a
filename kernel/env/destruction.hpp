// Destruction: taking everything back from an environment, a bounded step at a time.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

// One step (steps_per_call deletions) of destroying `env`, and first of the environments that
// only it could destroy. True when it is gone. `by`, the capability it is destroyed by, goes last:
// the call is repeated with it.
bool destroy_step(System& system, Env& env, CapRef by = cap::no_cap);

}  // namespace kernel::env

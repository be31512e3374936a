// Destruction: taking everything back from an environment, a bounded step at a time.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

// One step (steps_per_call deletions) of destroying `env`, and first of the environments that
// only it could destroy. True when it is gone.
bool destroy_step(System& system, Env& env);

}  // namespace kernel::env

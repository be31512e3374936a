// Dispatch: from a call trap to its handler, and into the history.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::syscall {

// Carries out the call in `caller`'s registers and puts status and value there.
void dispatch(env::System& system, env::Env& caller);

}  // namespace kernel::syscall

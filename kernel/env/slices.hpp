// Slices: whose each position of the core's cycle is, and what ends that.
//
// A slice's capability names the cycle's frame and, where a frame's names a mapping, its
// position. The binding belongs to one capability, as a mapping does: deleting that breaks it,
// which makes revocation total without a search.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

// The new slice capability `ref` names `position`.
void name_slice(System& system, CapRef ref, std::uint32_t position);
// The slice capability is about to go.
void forget_slice(System& system, CapRef ref);
// False: bound with another capability.
bool bind_slice(System& system, CapRef ref, const Env& env);
// The environment is about to go: nothing of the cycle is its any more.
void forget_owner(System& system, const Env& env);

// The environment bound to the present turn's position, if it can run now, or lends its time to
// the one it called; else nullptr.
Env* turn_owner(System& system);

}  // namespace kernel::env

// Running: who may run, and what changes that: waking, parking, ending.
//
// Runnable environments form a ring; `running` is the one whose turn it is. Order in the ring
// is order of becoming runnable, so that a seed gives one history.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

using abi::EnvState;

// Started, and not ended.
constexpr bool lives(EnvState state) {
    return state == EnvState::runnable || state == EnvState::parked ||
           state == EnvState::calling;
}
// embryo, parked, calling -> runnable, at the ring's end (just before `running`).
void make_runnable(System& system, Env& env);
// runnable -> parked until `wake` or an upcall.
void park(System& system, Env& env, Instant wake);
// Any living state -> ended. Its creator is told; its resources stay until it is destroyed.
void end(System& system, Env& env, abi::EndReason reason, std::uint32_t code);
// Takes it out of the ring if it is in it, and sets the state.
void stop(System& system, Env& env, EnvState state);
// `env` does not want the rest of its slice.
void give_way(System& system, const Env& env);
// If the present turn is env's, it becomes target's.
void pass_turn(System& system, const Env& env, const Env& target);
// `env` gives the rest of its slice to `target`, which runs now.
void run_next(System& system, const Env& env, Env& target);

}  // namespace kernel::env

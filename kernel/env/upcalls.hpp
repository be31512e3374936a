// Upcalls: entering an environment at its handler, now or when it next can be.
//
// Protocol and invariants: kernel/abi/upcall.hpp. Whatever stands in the upcall page is the
// environment's allegation: it is read once, and no value in it can hurt anyone but itself.
#pragma once

#include "kernel/env/system.hpp"
#include "kernel/machine/context.hpp"

namespace kernel::env {

// Enters the handler for a fault or exception right away; ends the environment if that cannot
// be done.
[[gnu::noinline]] void raise(System& system, Env& env, const machine::Trap& trap);

// Notes an asynchronous upcall (its data are in env.pending); wakes a parked environment.
void post(System& system, Env& env, Upcall kind);

// Before an environment goes on: tells it what is pending, by an upcall or, while it has
// upcalls masked, by the page's pending bits.
void tell_pending(System& system, Env& env);
// Tells the present turn's owner of its begin or end, if it wants to know. True: it was told,
// or is in a critical section, and needs time to come to an end.
bool tell_slice(System& system, Upcall kind, Instant instant);

}  // namespace kernel::env

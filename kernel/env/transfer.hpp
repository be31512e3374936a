// Transfer: protected control transfer: one environment goes on in another's place.
//
// The callee takes the caller's place in the ring and the rest of its slice, without a look at
// the schedule (Engler, Kaashoek, O'Toole, SOSP 1995, section 5.2.2; donation as in L4: Liedtke,
// SOSP 1993). Nothing is queued: who does not wait to be called is busy.
//
// Between cores the same goes by message: nobody takes another's place or slice, the callee runs
// in its own core's time, and its caller on another core is known by frame, id and serial
// (remote.hpp).
//
// Invariants: a calling environment is in no ring and has a callee whose `caller` it is; each
// environment has at most one caller. Calls cannot go round in a circle: who calls does not wait
// to be called.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

using Words = std::uint64_t[abi::transfer_words];

// `caller` runs, `callee` is receiving.
void transfer(System& system, Env& caller, Env& callee, const Words& words);
// Answers env's caller, which runs on in its place; `env` is parked until `deadline`, receiving.
void reply(System& system, Env& env, const Words& words, Instant deadline);
// What a blocked call comes back with: status, value, and the words of a transfer.
void come_back(System& system, Env& env, Status status, std::uint64_t value, const Words& words);
// No call and no caller any more: who waits for its reply goes on with callee_gone.
void break_transfers(System& system, Env& env);

}  // namespace kernel::env

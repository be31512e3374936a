// Remote: what environments of different cores do to each other, and the messages it takes.
//
// Everything here either sends one message or does what one message asks; nothing waits. Who has
// to wait for an answer is put in state `calling`.
//
// Invariant: a message about an object of this core names one that exists, because the object
// stays until every half of what was lent of it is back; callers are named by frame and serial,
// since they may be gone when the answer comes.
#pragma once

#include "kernel/env/lending.hpp"
#include "kernel/env/system.hpp"
#include "kernel/env/transfer.hpp"

namespace kernel::env {

// Sends, and charges for it.
void send(System& system, std::uint32_t to, const mesh::Message& message);

// `caller` calls, wakes an environment of another core. False: too many under way.
bool call_far(System& system, Env& caller, FrameNumber callee, const Words& words);
bool wake_far(System& system, FrameNumber target);
// Answers env's caller on another core.
void answer(System& system, Env& env, Status status, const Words& words);
// Wakes `env` if it sleeps; else its next sleep does not happen.
void wake_up(System& system, Env& env);

// Waits until it is known what arrives up to `target`, or up to the first arrival before it;
// returns the earlier of the two.
Instant await_mail(System& system, Instant target);
// Does what all the messages ask that have arrived by now, having waited until all are here.
void take_mail(System& system);
// Core 0: the others stop.
void halt_others(System& system);

}  // namespace kernel::env

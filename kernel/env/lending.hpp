// Lending: capabilities that reach across cores.
//
// A lent capability is two halves (cap/capability.hpp). The lender's is an ordinary child in its
// core's forest, the borrower's a root in the other's, and what is derived from it there can be
// lent on: so the forest of one object spans cores, a core holding each part, and a revocation
// follows it by messages: each half is deleted only when all below it, anywhere, are gone. Calls
// that have to wait for that end with `again` and their callers sleep until an answer comes.
//
//     lender                      borrower
//     pending  --- lend -------->  (slot filled)          or refused
//     lent     <-- lent ---------  borrowed
//     recalling -- recall ------>  recalled: unmapped; what it derived is deleted, step by step
//     none     <-- recalled -----  (gone)
//     lent     <-- give_back ----  returning              its holder deleted it
//     (gone)   --- taken_back -->  none
//
// A half that is `none` again has no rights, and is deleted by the call that waited for it.
//
// The two ways may cross: a recall that finds `returning` is answered at once, and a give_back
// that finds `recalling` leaves the half to the answer under way.
// Decision: kernel/design/0011-multikernel.md.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

struct Loan {
    CapRef source;
    CapRef half;        // an empty slot of the caller's
    FrameNumber target; // the environment, on another core
    std::uint64_t slot; // of its table
    Rights rights;
};

// Lends, and puts the caller to sleep until it is answered. False: too many under way.
bool lend(System& system, Env& caller, const Loan& loan);
// Brings a linked capability on its way out; true when there is nothing more to wait for, and it
// can be deleted as any other. False: steps ran out, or system.waits.
bool let_go(System& system, CapRef ref, std::uint32_t& steps);
// One bounded step for all that lenders want back; true when it could go on at once.
bool serve_recalls(System& system);

// What the messages of that name ask.
void take_lend(System& system, std::uint32_t from, const mesh::Message& message);
void take_lent(System& system, const mesh::Message& message);
void take_recall(System& system, std::uint32_t from, const mesh::Message& message);
void take_recalled(System& system, const mesh::Message& message);
void take_give_back(System& system, std::uint32_t from, const mesh::Message& message);
void take_taken_back(System& system, const mesh::Message& message);

// Puts `env` to sleep until another core answers anything (the caller of what `waits`).
void sleep_until_answer(System& system, Env& env);
// Who sleeps so may go on.
void answered(System& system);

}  // namespace kernel::env

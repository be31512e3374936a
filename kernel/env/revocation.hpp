// Revocation: taking frames back, first by asking (visible), then by force (abort).
//
// Aegis/Xok's protocol (Engler et al., SOSP 1995, section 3.4): the environment is asked for a
// number of frames and a deadline; it chooses which. What is missing at the deadline is
// repossessed: every capability of the oldest unguaranteed frames is deleted, and each holder
// finds in its repossession vector what it lost.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

// Starts a request. Precondition: none is active, count > 0.
void start_request(System& system, FrameNumber account, EnvId requester, std::uint32_t count,
                   Instant deadline);
// Ends one without telling anybody.
void cancel_request(System& system, FrameNumber account);
// The environment that asked is going: its requests go on, and nobody is told of their end.
void forget_requester(System& system, EnvId requester);
// Does what is due by `now`, at most steps_per_call deletions; true if more is due at once.
bool serve_requests(System& system, Instant now);
// The earliest deadline, or never.
Instant next_deadline(System& system, Instant now);
// Releases a frame that lost its last capability; a request it satisfies ends.
void forget_frame(System& system, FrameNumber frame);

// One bounded step of deleting all capabilities of an object, `keep` last; their holders are told
// of a repossession. True when none is left. What was lent is asked back at once, and waited for
// when nobody is left who could lend it again.
bool unname(System& system, FrameNumber object, CapRef keep, bool tell, std::uint32_t& steps);

}  // namespace kernel::env

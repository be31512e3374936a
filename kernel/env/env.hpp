// Env: an environment, the unit that holds resources and runs.
//
// It lives in one frame its creator paid for: the register context first, then what the kernel
// must know to run it, to enter it, and to take everything back from it.
// Invariants: in the run ring if and only if its state is runnable; table_frames[i] are
// cap_table frames owned by this object; `pending` bits are told once the vector allows it.
#pragma once

#include "kernel/abi/call.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/abi/upcall.hpp"
#include "kernel/machine/context.hpp"

namespace kernel::env {

using abi::EnvId;
using abi::EnvState;
using abi::FrameNumber;
using abi::Instant;
using abi::Slot;
using abi::Upcall;

// A slot number beyond every table.
inline constexpr Slot no_slot{0xffff'ffff};

// Asynchronous upcalls that wait: one bit a kind, and the latest data of each.
struct PendingUpcalls {
    std::uint32_t bits;
    std::uint32_t repossessed_untold;  // taken while there was no page to say so in
    std::uint64_t revocation_frames, revocation_deadline;
    std::uint64_t child, child_code;
    std::uint64_t done_counts, done_env;
    std::uint64_t slice_position, slice_instant;
};

// How far a destruction has come; each step is bounded (env/destruction.cpp).
struct Destruction {
    std::uint32_t pass;
    std::uint32_t slot;
};

// What a parked environment waits for besides its deadline: the code's capability and those of the
// frames it looks at, each with what it named when the sleep began. code 0: nothing.
struct Watch {
    abi::CapRef code;
    FrameNumber object;
    abi::CapRef windows[2];
    FrameNumber frames[2];
};

struct Env {
    machine::UserContext context;
    FrameNumber self;
    FrameNumber root;
    FrameNumber account;
    EnvId id;
    EnvId creator;
    abi::EnvInfo* info;   // its line in the info window
    // The upcall page: the capability that maps it (0: none), the kernel's and its own view.
    abi::CapRef vector;
    abi::UpcallPage* page;
    std::uint64_t page_address;
    FrameNumber next;     // the run ring
    FrameNumber previous;
    Instant wake;         // while parked
    Watch watch;          // while parked
    FrameNumber caller;   // whose call it has to answer; 0: nobody's
    std::uint32_t caller_tag;  // of a caller on another core: its id | serial << 16
    FrameNumber callee;   // while calling: whom it called
    abi::CapRef lending;  // while calling: the half whose answer it waits for; 0: none
    bool waits;           // while calling: until any other core answers
    bool receiving;       // parked in transfer_wait
    bool woken;           // the next park does not sleep
    Instant started;      // virtual time it was last put on the core
    PendingUpcalls pending;
    Destruction destruction;
    std::uint32_t table_frame_count;
    FrameNumber table_frames[abi::env_table_frames_max];

    std::uint32_t slots() const { return table_frame_count * abi::table_slots_per_frame; }
};
static_assert(sizeof(Env) <= abi::page_size);

}  // namespace kernel::env

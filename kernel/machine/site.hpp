// Sites and probes: where a machine that tests the kernel may interfere, and which rare states it
// wants to know were reached.
//
// A site is a place where reality may be worse than usual within what is allowed: no frame left,
// a message late. Core::disturb(site) says by how much, 0 for not at all. A probe is a "sometimes"
// assertion: a campaign that never reaches it has not tested what it should. Both are nothing on
// the bare machine: the calls are inlined to a constant.
//
// Sources: FoundationDB's BUGGIFY and its probes (Zhou et al., FoundationDB: A Distributed
// Unbundled Transactional Key Value Store, SIGMOD 2021, section 4).
#pragma once

#include <cstdint>

namespace kernel::machine {

enum class Site : std::uint8_t {
    allocation,  // a frame is asked for: not 0: there is none
    message,     // a message to another core: later by so many nanoseconds
    timer,       // the machine's own: an idle core wakes so many nanoseconds late
    interrupt,   // the machine's own: cores that seem to have sent something, a bit each
    translation, // the machine's own: translations go, or come before they are used
    // of libOS code, which asks the machine itself (abi/site.hpp), in the order of LibosSite
    publication,
    idle_wait,
    libos_frame,
    // the machine's own: of a disk's device (sim/machine/disk)
    disk_late,         // a request: is done after so many looks at the device
    disk_error,        // a request: not 0: it fails
    disk_latent,       // reading a block: not 0: it cannot be read until it is written again
    disk_torn,         // power lost: of a block not flushed so many sectors of 512 bytes are new
    disk_misdirected,  // writing a block: another one is written, so many behind it
    disk_rot,          // reading a block: a bit of it, by number, has become another
    site_count,
};

enum class Probe : std::uint8_t {
    allocation_refused,      // a frame was asked for and there was none
    credit_exhausted,        // a message to another core has to wait for a reply
    recall_across_cores,     // what was lent to another core is taken back
    repossessed,             // a frame was taken from an environment that ignored the request
    grace_used,              // an environment went on after its slice to save its state
    debt_paid,               // a turn was shortened for what was overrun before
    slice_given,             // a turn's rest was yielded to another environment
    wake_before_park,        // a wake came first, and the environment did not park
    call_refused_busy,       // the callee did not wait
    caller_ended_in_call,    // the caller was gone when the reply came
    server_ended_in_call,    // the callee ended without a reply
    upcall_while_masked,     // an upcall had to wait
    double_fault,            // a fault while handling one
    probe_count,
};

}  // namespace kernel::machine

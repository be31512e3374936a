// Requests: from an environment's ring to the disk and back.
#pragma once

#include "kernel/disk/disk.hpp"

namespace kernel::disk {

// The environment's ring is that frame, which `slot` of its table names; no frame: it has none any
// more. Precondition: nothing is unanswered (unanswered()).
void make_ring(System& system, FrameNumber object, const Env& env, Slot slot, FrameNumber frame);
// The ring of an environment on that disk; nullptr: it has none.
Queue* queue_of(System& system, FrameNumber object, const Env& env);
// `count` more requests are in the ring. Precondition: it has room.
void submit(System& system, FrameNumber object, Queue& queue, std::uint32_t count);

// Does what is due by `now` on all disks, and gives them what waits. When the next is due; `now`
// itself where a step's bound was reached.
Instant serve(System& system, Instant now);

}  // namespace kernel::disk

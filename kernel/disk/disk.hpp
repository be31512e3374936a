// Disk: what the kernel knows of one disk: its device, its extents, who waits and who is served.
//
// It lies in frames of the pool, so that all of it is seen by the checkers; the first six are
// shown in the info window:
//
//   object    | DiskInfo | the extent table, 4 frames | registry | Disk (private), disk_frames |
//
// A request goes through three places: the ring of its environment, `served`, the ring again.
// Nothing of it is remembered but a copy: the capabilities it names are looked up when it is taken
// (is it worth a place?) and when it is done, at its due Instant, when the device does all of it
// while the kernel waits. Between calls the device has nothing to do and so no address: what is
// taken back, freed or ended in between cannot be read or written any more, and nothing has to be
// drained. Decision: kernel/design/0015-disk.md.
//
// Invariants: info.waiting is the sum of the queues' submitted - taken; in_service <= channels;
// an unanswered request is in exactly one ring or in `served`.
#pragma once

#include "kernel/abi/disk.hpp"
#include "kernel/disk/fairness.hpp"
#include "kernel/disk/service.hpp"
#include "kernel/drivers/disk.hpp"
#include "kernel/env/system.hpp"

namespace kernel::disk {

using abi::DiskInfo;
using abi::DiskRequest;
using abi::EnvId;
using abi::FrameNumber;
using abi::PhysAddr;
using abi::Slot;
using abi::Status;
using base::Result;
using env::Env;
using env::System;

// An environment's ring, by EnvId. Whose it is, is told by frame and serial: numbers are reused.
struct Queue {
    FrameNumber env;      // 0: there is none
    FrameNumber frame;    // the ring's, which `slot` must name for the ring to be used
    Slot slot;
    std::uint16_t serial;
    std::uint16_t number; // of the rings that were made here
    std::uint32_t submitted;
    std::uint32_t taken;
    std::uint32_t completed;

    std::uint32_t unanswered() const { return submitted - completed; }
};

struct Served {
    DiskRequest request;
    Instant due;
    Instant since;
    std::uint64_t order;  // of two that are due together the one taken first is done first
    EnvId id;
    std::uint16_t number; // of the ring
};

struct Disk {
    drivers::Disk device;
    Service service;
    Fairness fairness;
    FrameNumber object;
    std::uint32_t newest;  // which copy of the extent table must not be written first
    std::uint64_t taken;   // requests, ever
    std::uint32_t epoch = 1;  // flushes, and one: what was written in an earlier one is durable
    Queue queues[abi::environments_max];
    Served served[abi::disk_requests_max];  // the first info.in_service
};

inline constexpr std::uint32_t disk_frames =
    (sizeof(Disk) + abi::page_size - 1) / abi::page_size;
inline constexpr std::uint32_t object_frames = abi::info_disk_pages + disk_frames;

inline DiskInfo& info_of(System& system, FrameNumber object) {
    return system.memory.object<DiskInfo>(object);
}
inline abi::ExtentTable& extents_of(System& system, FrameNumber object) {
    return system.memory.object<abi::ExtentTable>(FrameNumber{object.value + 1});
}
inline abi::Registry& registry_of(System& system, FrameNumber object) {
    return system.memory.object<abi::Registry>(
        FrameNumber{object.value + 1 + abi::extent_table_pages});
}
inline Disk& disk_of(System& system, FrameNumber object) {
    return system.memory.object<Disk>(FrameNumber{object.value + abi::info_disk_pages});
}

// The device does it now, while the kernel waits. io_error: it failed, or did not answer.
Status perform(Disk& disk, const drivers::Request& request);

}  // namespace kernel::disk

// Volume: what is found on a disk at boot, and how its extent table is changed.
#pragma once

#include "kernel/disk/disk.hpp"

namespace kernel::disk {

// Boot: the disk `device` of the cell, with its object in the (zeroed) frames from `object` on and
// `memory`, machine::disk_frames_each frames that environments cannot name. Takes no virtual time.
void attach(System& system, std::uint32_t device, FrameNumber object, FrameNumber memory,
            const abi::ServiceProfile& profile);
// The end: no device reads or writes memory any more.
void detach(System& system);

// Reads one block, for which the caller's time is used. Errors: io_error.
Status read_block(System& system, Disk& disk, std::uint32_t block, FrameNumber into);

// Can extents be made? Errors: io_error (the device is dead), bad_state (something else, or a
// damaged table, is on it).
Result<void> check_ready(System& system, FrameNumber object);
// Writes the extent table to the disk, for which the caller's time is used. Errors: io_error.
Result<void> write_table(System& system, FrameNumber object);

}  // namespace kernel::disk

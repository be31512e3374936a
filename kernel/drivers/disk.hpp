// Disk: a block device of any class that there is a driver for.
//
// Why no virtual functions: which drivers there are is a fact of the build, and which one is meant
// is a word (DeviceClass). Who owns a Disk checks requests before they come here: a block beyond
// the disk, a page that is not the caller's to give, a count that is out of range are its mistakes.
//
// Time: nothing here takes virtual time (kernel/design/0004-one-virtual-clock.md). The device may
// be done earlier or later than the kernel says a request is; poll() says what is true.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/result.hpp"
#include "kernel/drivers/nvme.hpp"
#include "kernel/drivers/request.hpp"
#include "kernel/drivers/virtio_blk.hpp"
#include "kernel/machine/machine.hpp"

namespace kernel::drivers {

// Of the BootInfo::disks_first frames of each disk the first are its driver's.
inline constexpr std::uint32_t disk_driver_frames = 8;
static_assert(disk_driver_frames <= machine::disk_frames_each);

// Fruitless polls after which a device may be given up: seconds on hardware.
inline constexpr std::uint32_t polls_max = 1 << 26;

class Disk {
public:
    // Resets the cell's disk `device` and starts it with disk_driver_frames of zeroes from `memory`
    // on, which are its own until stop(). Errors: io_error (it does not answer, or lacks what the
    // driver needs).
    base::Result<Info> probe(machine::Core& core, std::uint32_t device, abi::FrameNumber memory);

    // Hands a request to the device. False: `depth` are in flight, or the device is dead.
    bool submit(const Request& request);
    // The next request that is done, in whatever order the device has; nothing: none is. When the
    // device is dead each that was in flight comes with io_error.
    std::optional<Done> poll();
    // What is in flight is given up without a Done; the device reads and writes no memory from
    // here on. After it only probe() is of use. At a cell's end it must be called.
    void stop();
    std::uint32_t in_flight() const;

private:
    machine::DeviceClass kind_ = machine::DeviceClass::none;
    VirtioBlk virtio_{};
    Nvme nvme_{};
};

}  // namespace kernel::drivers

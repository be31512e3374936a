// VirtioBlk: the driver of a virtio block device ([virtio] 1.2: 4.1 PCI, 5.2 block device).
//
// Why polling: the kernel says when a request is done (virtual time), so nobody waits for an
// interrupt; they stay off. Why one queue: requests are in flight `depth` at most, and of one core.
//
// Its memory, physically contiguous:
//   frame 0              | descriptors | available | used | headers | statuses |
//   frame 1, frame 2     | for each slot a table of 16 descriptors: header, pages, status |
//
// Invariants: a slot is taken while its request is the device's. What the device says
// is checked: a slot that is not in flight, or a status that says it needs a reset, kills it. A
// dead device is reset, so that it writes to no memory; all its requests end with io_error.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/result.hpp"
#include "kernel/drivers/request.hpp"
#include "kernel/drivers/slots.hpp"
#include "kernel/machine/machine.hpp"

namespace kernel::drivers {

class VirtioBlk {
public:
    static constexpr std::uint32_t frames = 3;

    // Resets the device and starts it. Error: io_error (it does not answer, or offers too little:
    // it must have version 1 and indirect descriptors, and a queue of `depth`).
    base::Result<Info> probe(machine::Core& core, std::uint32_t device, abi::FrameNumber memory);

    // False: no room, or the device is dead. The request is one that fits the disk.
    bool submit(const Request& request);
    std::optional<Done> poll();
    // What is in flight is given up; the device reads and writes no memory any more.
    void stop();
    std::uint32_t in_flight() const { return slots_.count(); }

private:
    struct Shared;
    struct Tables;

    bool reset();
    bool negotiate();
    bool start_queue();
    std::uint32_t read(machine::Window window, machine::Width width, std::uint32_t offset) const;
    void write(machine::Width width, std::uint32_t offset, std::uint32_t value) const;
    void write_address(std::uint32_t offset, std::uint64_t address) const;
    std::uint64_t blocks() const;
    std::uint64_t address(std::uint64_t offset) const;
    void begin(std::uint32_t slot, const Request& request);
    void offer(std::uint32_t slot, std::uint32_t descriptors);
    std::optional<Done> finish(std::uint32_t slot);
    bool silent_and_well();
    void die();

    machine::Core* core_ = nullptr;
    Shared* shared_ = nullptr;
    Tables* tables_ = nullptr;
    abi::FrameNumber memory_{};
    std::uint32_t device_ = 0;
    std::uint32_t notify_offset_ = 0;
    Slots slots_{};
    std::uint32_t flush_follows_ = 0;  // writes that are done when flushed too: a bit each slot
    std::uint32_t write_through_ = 0;  // flushes that need no device: a bit each slot
    std::uint16_t offered_ = 0;
    std::uint16_t seen_ = 0;
    std::uint8_t quiet_polls_ = 0;
    bool flushes_ = false;          // the device has a volatile cache
    bool dead_ = true;
};

}  // namespace kernel::drivers

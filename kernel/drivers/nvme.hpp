// Nvme: the driver of an NVMe controller's first namespace ([nvme] base specification 1.4).
//
// One pair of I/O queues besides the admin queues, polled by their phase bits; interrupts stay off.
//
// Its memory:
//   frame 0  admin submissions    frame 2  submissions    frame 4  a PRP list for each slot
//   frame 1  admin completions    frame 3  completions    frame 5  what identify says
//
// Invariants: a slot is taken while its command is the controller's; its number is the command's
// identifier. Of the submission queue at most `depth` of its 64 entries are in use, so it is never
// full. A completion of a command that is not in flight, or a fatal status, kills the device: it is
// disabled, so that it writes to no memory, and all its requests end with io_error.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/result.hpp"
#include "kernel/drivers/request.hpp"
#include "kernel/drivers/slots.hpp"
#include "kernel/machine/machine.hpp"

namespace kernel::drivers {

class Nvme {
public:
    static constexpr std::uint32_t frames = 6;

    // As VirtioBlk's. Error: io_error (it does not answer; its blocks are larger than 4096 bytes or
    // have metadata; it takes less than request_blocks_max at once).
    base::Result<Info> probe(machine::Core& core, std::uint32_t device, abi::FrameNumber memory);
    bool submit(const Request& request);
    std::optional<Done> poll();
    void stop();
    std::uint32_t in_flight() const { return slots_.count(); }

private:
    struct Command;
    struct Completion;

    // The two rings of one pair, by its number on the device.
    struct Queue {
        std::uint32_t number;
        std::uint32_t entries;
        Command* commands;
        Completion* completions;
        std::uint32_t tail;
        std::uint32_t head;
        std::uint32_t phase;
    };

    std::uint32_t read(std::uint32_t offset) const;
    void write(std::uint32_t offset, std::uint32_t value) const;
    void write_address(std::uint32_t offset, std::uint32_t frame) const;
    void ring(std::uint32_t doorbell, std::uint32_t value) const;
    std::uint64_t address(std::uint32_t frame, std::uint64_t offset = 0) const;
    template <class T>
    T* at(std::uint32_t frame) const;

    bool set_enabled(bool on);
    bool start();
    bool create_queues();
    bool identify(std::uint32_t what);
    bool read_controller();
    bool read_namespace();
    bool admin(const Command& command);
    void put(Queue& queue, const Command& command) const;
    std::optional<std::uint32_t> take(Queue& queue) const;
    Command command_of(std::uint32_t slot, const Request& request) const;
    bool silent_and_well();
    void die();

    machine::Core* core_ = nullptr;
    abi::FrameNumber memory_{};
    std::uint32_t device_ = 0;
    std::uint32_t stride_ = 0;       // bytes between doorbells
    std::uint64_t blocks_ = 0;
    std::uint32_t sector_shift_ = 0;  // sectors a block: a power of two
    Queue admin_{};
    Queue io_{};
    Slots slots_{};
    std::uint8_t quiet_polls_ = 0;
    bool dead_ = true;
};

}  // namespace kernel::drivers

// The split virtqueue as it lies in memory ([virtio] 2.7), with `depth` entries.
//
//   available: the driver's          descriptors                used: the device's
//   | flags index | slot, slot, .. | -> | address length .. | <- | flags index | slot length, .. |
//
// Slot i of the queue is always descriptor i, and describes a table of its own: request i's pieces
// ([virtio] 2.7.5.3, indirect descriptors). So nothing is allocated but a slot.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/drivers/request.hpp"

namespace kernel::drivers {

struct Descriptor {
    static constexpr std::uint16_t next_follows = 1, device_writes = 2, indirect = 4;

    std::uint64_t address;  // physical
    std::uint32_t bytes;
    std::uint16_t flags;
    std::uint16_t next;
};

struct AvailableRing {
    static constexpr std::uint16_t no_interrupt = 1;

    std::uint16_t flags;
    std::uint16_t index;  // how many were ever put there
    std::uint16_t slots[depth];
    std::uint16_t used_event;  // not negotiated
};

struct UsedRing {
    struct Entry {
        std::uint32_t slot;
        std::uint32_t bytes_written;
    };

    std::uint16_t flags;
    std::uint16_t index;
    Entry entries[depth];
    std::uint16_t available_event;  // not negotiated
};

static_assert(sizeof(Descriptor) == 16 && sizeof(UsedRing::Entry) == 8);
static_assert(offsetof(AvailableRing, slots) == 4 && offsetof(UsedRing, entries) == 4);

}  // namespace kernel::drivers

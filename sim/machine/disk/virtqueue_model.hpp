#pragma once

/// VirtqueueModel: the device's side of one split virtqueue ([virtio] 2.7), which trusts nothing.
///
/// Whatever the driver wrote there, a chain is either taken whole and checked or refused with a
/// sentence; every walk is bounded by the queue's size.

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "sim/machine/disk/dma.hpp"

namespace sim::machine::disk {

struct QueueRegisters {
    std::uint16_t size = 0;
    bool enabled = false;
    std::uint64_t descriptors = 0;  // physical addresses
    std::uint64_t available = 0;
    std::uint64_t used = 0;
};

/// A piece of a request, in memory that is there.
struct Segment {
    std::span<std::byte> bytes;
    bool device_writes;
};

struct Chain {
    std::uint32_t slot;  // the descriptor that it begins with
    std::vector<Segment> segments;
};

class VirtqueueModel {
public:
    explicit VirtqueueModel(const Dma& dma) : dma_{dma} {}

    /// From here on the queue is as `registers` say. Error: it does not lie in memory, aligned.
    std::expected<void, std::string> enable(const QueueRegisters& registers);
    void reset() { *this = VirtqueueModel{dma_}; }

    /// What the driver made available since the last time. Error: what is wrong with it.
    std::expected<std::vector<Chain>, std::string> take();
    /// Gives a chain back, with how many bytes were written into it.
    void give(std::uint32_t slot, std::uint32_t bytes);

private:
    struct Descriptor {
        std::uint64_t address;
        std::uint32_t bytes;
        std::uint16_t flags;
        std::uint16_t next;
    };

    VirtqueueModel& operator=(const VirtqueueModel& other);
    std::expected<Chain, std::string> chain(std::uint16_t slot);
    std::expected<void, std::string> collect(std::uint64_t table, std::uint32_t entries,
                                             std::uint32_t first, bool may_refer, Chain& into);

    const Dma& dma_;
    QueueRegisters registers_;
    std::uint16_t taken_ = 0;
    std::uint16_t given_ = 0;
    std::vector<bool> in_flight_;  // by slot
};

}  // namespace sim::machine::disk

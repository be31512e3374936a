// Mesh: one core's message rings to and from every other core.
//
// A ring has one producer and one consumer and lies in memory both can write; nothing else is
// shared between kernels. A line's `round` is stored last, with release, and read first, with
// acquire: whoever sees the round sees the message (as the channels of Barrelfish, Baumann et
// al., The Multikernel, SOSP 2009, section 4.6).
//
// Why a ring has no counter to say what was read: a request takes a credit and its reply gives
// it back, so at most 15 requests, 15 replies and one halt of one core are unread in a ring of 32
// lines, and a line that is written again was read: its reader has said so by what it sent
// since. Calls, wakes and capabilities have credits of their own: none can hold up the others.
//
// Messages are taken in the order of (arrival, core), so the order does not depend on when who
// looks (kernel/machine/machine.hpp: synchronise).
#pragma once

#include "kernel/abi/bundle.hpp"
#include "kernel/machine/machine.hpp"
#include "kernel/mesh/message.hpp"

namespace kernel::mesh {

using abi::CoreId;
using abi::FrameNumber;
using abi::Instant;

inline constexpr std::uint32_t ring_lines = machine::ring_bytes / sizeof(Message);

class Mesh {
public:
    Mesh(machine::Core& core, const machine::BootInfo& boot);

    std::uint32_t cores() const { return cores_; }
    std::uint32_t self() const { return self_; }
    // The core whose part of the pool the frame lies in.
    std::uint32_t core_of(FrameNumber frame) const {
        return (frame.value - machine::pool_first.value) / part_frames_;
    }

    // Is there a credit for a request of that kind?
    bool may_send(std::uint32_t to, MessageKind kind) const;
    // Stamps and stores the message; a request needs a credit.
    void send(std::uint32_t to, Message message);

    // When the first of the messages that are here arrives; never: there is none.
    Instant first_arrival();
    // Takes that message out of its ring; which core it is from.
    std::uint32_t take(Message& message);

private:
    // Of one other core.
    struct Peer {
        std::uint16_t sent = 0;
        std::uint16_t taken = 0;
        std::uint8_t calls = 0;  // requests without a reply yet
        std::uint8_t wakes = 0;
        std::uint8_t capabilities = 0;
    };

    static std::uint8_t& used(Peer& peer, MessageKind request);
    Message* ring(std::uint32_t from, std::uint32_t to);
    const Message* next(std::uint32_t from);
    Instant first_of_waiting();

    machine::Core& core_;
    Message* rings_;  // [from][to][ring_lines]
    std::uint64_t latency_;
    std::uint32_t cores_;
    std::uint32_t self_;
    std::uint32_t part_frames_;
    std::uint32_t first_ = 0;  // of whom first_arrival() found a message
    std::uint64_t waiting_ = 0;  // whose rings may hold messages, a bit each
    Peer peers_[abi::cores_max];
};

}  // namespace kernel::mesh

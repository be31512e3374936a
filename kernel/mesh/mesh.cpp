#include "kernel/mesh/mesh.hpp"

#include <atomic>
#include <cstddef>

#include "kernel/base/assert.hpp"

namespace kernel::mesh {

namespace {

constexpr std::uint8_t calls_max = 6, wakes_max = 3, capabilities_max = 6;

constexpr std::uint16_t round_of(std::uint16_t count) {
    return static_cast<std::uint16_t>(count / ring_lines + 1);
}

constexpr MessageKind request_of(MessageKind reply) {
    return static_cast<MessageKind>(static_cast<unsigned>(reply) - request_kinds);
}

}  // namespace

Mesh::Mesh(machine::Core& core, const machine::BootInfo& boot)
    : core_{core},
      rings_{nullptr},
      latency_{boot.cell->costs.latency == 0 ? 1 : boot.cell->costs.latency},
      cores_{boot.cell->cores},
      self_{boot.core},
      part_frames_{boot.pool_frames} {
    if (cores_ == 1) return;
    rings_ = reinterpret_cast<Message*>(core.view(abi::address_of(boot.rings_first)));
}

Message* Mesh::ring(std::uint32_t from, std::uint32_t to) {
    return rings_ + (from * cores_ + to) * ring_lines;
}

std::uint8_t& Mesh::used(Peer& peer, MessageKind request) {
    if (request == MessageKind::call) return peer.calls;
    return request == MessageKind::wake ? peer.wakes : peer.capabilities;
}

bool Mesh::may_send(std::uint32_t to, MessageKind kind) const {
    const Peer& peer = peers_[to];
    if (kind == MessageKind::call) return peer.calls < calls_max;
    return kind == MessageKind::wake ? peer.wakes < wakes_max
                                     : peer.capabilities < capabilities_max;
}

void Mesh::send(std::uint32_t to, Message message) {
    Peer& peer = peers_[to];
    if (message.kind < MessageKind::answer) {
        CHITIN_ASSERT(may_send(to, message.kind));
        used(peer, message.kind)++;
    }
    const Instant arrival{core_.now().value + latency_ + core_.disturb(machine::Site::message)};
    message.arrival = arrival;
    Message& line = ring(self_, to)[peer.sent % ring_lines];
    const std::uint16_t round = round_of(peer.sent++);
    __builtin_memcpy(static_cast<void*>(&line), &message, offsetof(Message, round));
    std::atomic_ref{line.round}.store(round, std::memory_order_release);
    core_.notify(CoreId{static_cast<std::uint16_t>(to)}, arrival);
}

const Message* Mesh::next(std::uint32_t from) {
    const Peer& peer = peers_[from];
    Message& line = ring(from, self_)[peer.taken % ring_lines];
    const std::uint16_t round = std::atomic_ref{line.round}.load(std::memory_order_acquire);
    return round == round_of(peer.taken) ? &line : nullptr;
}

Instant Mesh::first_arrival() {
    if (cores_ == 1) return abi::never;
    waiting_ |= core_.interrupts();
    return waiting_ == 0 ? abi::never : first_of_waiting();
}

Instant Mesh::first_of_waiting() {
    Instant first = abi::never;
    for (std::uint64_t left = waiting_; left != 0; left &= left - 1) {
        const auto from = static_cast<std::uint32_t>(__builtin_ctzll(left));
        const Message* message = from < cores_ ? next(from) : nullptr;
        if (message == nullptr) {
            waiting_ &= ~(std::uint64_t{1} << from);
        } else if (message->arrival < first) {
            first = message->arrival;
            first_ = from;
        }
    }
    return first;
}

std::uint32_t Mesh::take(Message& message) {
    const std::uint32_t from = first_;
    message = *next(from);
    peers_[from].taken++;
    if (is_reply(message.kind)) used(peers_[from], request_of(message.kind))--;
    return from;
}

}  // namespace kernel::mesh

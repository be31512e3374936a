// Cost: where the time of an operation goes that several cores have a part in.
//
// Core 0's time is message cost, other work or waiting, and the kernel's counters say how much of
// each (kernel/abi/info.hpp). What it waited for is told by the cost profile and the other cores'
// counters: messages travel, the receiving cores work, and the rest is queueing. Only waiting is
// divided so: travel and work elsewhere that core 0 spends working cost the operation nothing.
#pragma once

#include "libos/rt/program.hpp"

namespace scenarios::multikernel {

// What a core has used since its start, or between two instants.
struct Usage {
    std::uint64_t sent;   // messages
    std::uint64_t taken;
    std::uint64_t idle_ns;
    std::uint64_t time_ns;  // idle time included

    std::uint64_t busy_ns() const { return time_ns - idle_ns; }
    Usage& operator+=(const Usage& other) {
        sent += other.sent;
        taken += other.taken;
        idle_ns += other.idle_ns;
        time_ns += other.time_ns;
        return *this;
    }
    friend Usage operator-(const Usage& a, const Usage& b) {
        return {a.sent - b.sent, a.taken - b.taken, a.idle_ns - b.idle_ns,
                a.time_ns - b.time_ns};
    }
};

// The counters first: asking for the time may let messages in.
inline Usage usage_of(libos::rt::Environment& env) {
    const volatile auto& system = env.info().system();
    Usage usage{};
    usage.sent = system.messages_sent;
    usage.taken = system.messages_taken;
    usage.idle_ns = system.idle_ns;
    usage.time_ns = env.now().value;
    return usage;
}

// What an operation is made of, if nothing is in the way.
struct Shape {
    std::uint32_t trips;    // there and back, one after another
    std::uint32_t at_once;  // cores that work on one of these at the same time
};

struct Cost {
    Usage here;   // on core 0
    Usage there;  // on the others together
    std::uint64_t times;

    // Adds the columns, for one operation; those in ns but the first add up to the first.
    void tell(libos::rt::JsonLine& line, const kernel::abi::CostProfile& costs,
              Shape shape) const {
        const auto least = [](std::uint64_t a, std::uint64_t b) { return a < b ? a : b; };
        const std::uint64_t ns = here.time_ns / times;
        const std::uint64_t messages_ns = (here.sent + here.taken) * costs.message / times;
        const std::uint64_t waiting_ns = here.idle_ns / times;
        const std::uint64_t travel_ns = least(waiting_ns, 2 * shape.trips * costs.latency);
        const std::uint64_t elsewhere_ns =
            least(waiting_ns - travel_ns, there.busy_ns() / shape.at_once / times);
        line.add("ns", ns)
            .add("messages", (here.sent + there.sent) / times)
            .add("message_ns", messages_ns)
            .add("work_ns", ns - messages_ns - waiting_ns)
            .add("travel_ns", travel_ns)
            .add("elsewhere_ns", elsewhere_ns)
            .add("queue_ns", waiting_ns - travel_ns - elsewhere_ns);
    }
};

}  // namespace scenarios::multikernel

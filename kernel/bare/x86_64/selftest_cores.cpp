#include "kernel/bare/x86_64/selftest_cores.hpp"

#include <atomic>

#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/cores.hpp"
#include "kernel/bare/x86_64/panic.hpp"

namespace kernel::bare {
namespace {

constexpr std::uint32_t cores_max = 8;
constexpr std::uint32_t ring_messages = 64;
constexpr std::uint32_t events_each = 1000;
constexpr std::uint32_t gap_min_ns = 60, gap_span_ns = 4096;
constexpr std::uint64_t forever = abi::never.value;
constexpr std::uint32_t stop = 0xffff'ffff;  // a message's text: the end

struct Message {
    std::uint64_t arrival;
    std::uint32_t text;  // how often it is still answered
};

// From one core to one: `sent` is the sender's, `taken` the receiver's.
struct Ring {
    std::atomic<std::uint32_t> sent, taken;
    Message messages[ring_messages];
};

constinit Ring rings[cores_max][cores_max] = {};

class Talker {
public:
    Talker(machine::Core& core, const machine::BootInfo& boot)
        : core_{core},
          self_{boot.core},
          cores_{boot.cell->cores},
          latency_{boot.cell->costs.latency == 0 ? 1 : boot.cell->costs.latency},
          random_{boot.core * 977 + 1} {}

    machine::Outcome run() {
        next_event_ = below(gap_span_ns);
        while (!stopped_) {
            const std::uint64_t next = next_time();
            const std::uint64_t horizon = core_.synchronise(abi::Instant{next}).value;
            step(horizon);
        }
        return {.exit_code = 0,
                .reason = abi::EndReason::exited,
                .time_ns = core_.now().value,
                .events = received_,
                .frames_lost = sum_};
    }

private:
    std::uint32_t below(std::uint32_t bound) {
        random_ = random_ * 1664525 + 1013904223;
        return (random_ >> 8) % bound;
    }

    const Message* head(std::uint32_t from) const {
        const Ring& ring = rings[from][self_];
        const std::uint32_t taken = ring.taken.load(std::memory_order_relaxed);
        if (ring.sent.load(std::memory_order_acquire) == taken) return nullptr;
        return &ring.messages[taken % ring_messages];
    }

    std::uint32_t earliest() const {
        std::uint32_t first = cores_;
        for (std::uint32_t from = 0; from < cores_; ++from) {
            if (head(from) == nullptr) continue;
            if (first == cores_ || head(from)->arrival < head(first)->arrival) first = from;
        }
        return first;
    }

    bool told_to_stop() const { return head(0) != nullptr && head(0)->text == stop; }

    std::uint64_t next_time() const {
        const std::uint32_t from = earliest();
        if (from == cores_ || next_event_ < head(from)->arrival) return next_event_;
        return head(from)->arrival;
    }

    // What is due before the horizon, looked up anew each time: messages may have come.
    void step(std::uint64_t horizon) {
        std::uint64_t next = next_time();
        if (next == forever && horizon == forever) return say_stop();
        for (; next < horizon && next != forever && !stopped_; next = next_time()) {
            // Core 0 tells of the end at a time of its own: others may have been further.
            if (next < last_ && !told_to_stop()) panic("selftest: a message came late");
            last_ = next;
            core_.idle_until(abi::Instant{next});
            const std::uint32_t from = earliest();
            if (from != cores_ && head(from)->arrival == next) {
                take(from);
            } else {
                send(other(), 3 + below(4));
                next_event_ = ++events_ == events_each
                                  ? forever
                                  : next + gap_min_ns + below(gap_span_ns);
            }
        }
    }

    std::uint32_t other() { return (self_ + 1 + below(cores_ - 1)) % cores_; }

    void take(std::uint32_t from) {
        const Message message = *head(from);
        rings[from][self_].taken.fetch_add(1, std::memory_order_release);
        ++received_;
        sum_ = (sum_ + from + 1) * 31 + static_cast<std::uint32_t>(message.arrival) +
               message.text;
        if (message.text == stop) {
            stopped_ = true;
        } else if (message.text != 0) {
            core_.charge(abi::Nanoseconds{below(3) * 10});  // it may take no time at all
            send(other(), message.text - 1);
        }
    }

    void send(std::uint32_t to, std::uint32_t text) {
        Ring& ring = rings[self_][to];
        const std::uint32_t sent = ring.sent.load(std::memory_order_relaxed);
        if (sent - ring.taken.load(std::memory_order_acquire) == ring_messages) {
            panic("selftest: a core ran too far ahead");
        }
        const std::uint64_t arrival = core_.now().value + latency_;
        ring.messages[sent % ring_messages] = Message{arrival, text};
        ring.sent.store(sent + 1, std::memory_order_release);
        core_.notify(abi::CoreId{static_cast<std::uint16_t>(to)}, abi::Instant{arrival});
    }

    // Nobody has anything to do any more: core 0 is told, and tells the others.
    void say_stop() {
        if (self_ != 0) panic("selftest: another core than 0 was told of the end");
        for (std::uint32_t to = 1; to < cores_; ++to) send(to, stop);
        stopped_ = true;
    }

    machine::Core& core_;
    std::uint32_t self_, cores_;
    std::uint64_t latency_;
    std::uint32_t random_;
    std::uint64_t next_event_ = 0;
    std::uint64_t last_ = 0;  // what was done last was due then
    std::uint32_t events_ = 0;
    std::uint64_t received_ = 0;
    std::uint32_t sum_ = 0;
    bool stopped_ = false;
};

machine::Outcome talk(machine::Core& core, const machine::BootInfo& boot) {
    Talker talker{core, boot};
    return talker.run();
}

}  // namespace

void selftest_cores(const machine::BootInfo& boot) {
    if (boot.cell->cores < 2 || boot.cell->cores > cores_max) panic("selftest: 2 to 8 cores");
    const machine::Outcome outcome = cores_run(talk, boot);
    put("selftest: cores: ");
    put_decimal(boot.cell->cores);
    put(" cores, ");
    put_decimal(outcome.events);
    put(" messages, sum ");
    put_decimal(outcome.frames_lost);
    put('\n');
}

}  // namespace kernel::bare

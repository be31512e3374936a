// exchange: two environments that talk: by protected control transfer, and over message rings.
//
// The root starts a server and a client (this program again, told its part by its start argument)
// and gives each a capability to call and wake the other, and the frame of their rings. The client
// asks the server through a typed interface, then streams messages to it and gets each back;
// what either does is checked by the other.
#include "libos/ipc/interface.hpp"
#include "libos/ipc/ring.hpp"
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::EnvId;
using kernel::abi::never;
using libos::ipc::RingSlot;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Rights;
using libos::rt::Slot;
using libos::rt::Status;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"transfers", ParameterKind::integer, "1000", "how often the client calls", 1, 10'000'000},
    {"messages", ParameterKind::integer, "1000", "how many messages go round the rings", 0,
     10'000'000},
};

enum Part : std::uint64_t { root, server, client };

constexpr Slot slot_peer{4};
constexpr Slot slot_ring{5};
constexpr Rights read_write = Rights::read | Rights::write;

// ---- what the server can be asked

struct Total {
    std::uint64_t sum;
    std::uint64_t count;
};
struct Add {
    using Reply = Total;
    std::uint64_t amount;
};
struct Clear {
    using Reply = Total;
};
struct Stream {  // from now on over the rings, so many messages
    using Reply = Total;
    std::uint64_t messages;
};
using Counter = libos::ipc::Interface<Add, Clear, Stream>;

// A message on the rings.
struct Item {
    std::uint64_t number;
    std::uint64_t square;
};

// ---- the rings: half a page each way

struct Rings {
    std::span<RingSlot> to_server, to_client;
};

Rings open_rings(Environment& env) {
    auto& space = env.space();
    const auto page = space.reserve(1);
    env.must(space.map(slot_ring, page, read_write), "mapping the rings");
    auto* slots = reinterpret_cast<RingSlot*>(page.value);
    constexpr std::size_t half = libos::ipc::ring_slots(1) / 2;
    return {{slots, half}, {slots + half, half}};
}

// The root fills these slots after it has started this environment.
void wait_for_peer(Environment& env) {
    while (env.must(calls::cap_identify(slot_ring), "identifying").type !=
           libos::rt::CapType::frame) {
        static_cast<void>(calls::yield());
    }
}

// Sends, and sleeps while the ring is full.
void send(Environment& env, libos::ipc::Sender<Item>& sender, const Item& item) {
    while (!sender.send(item)) {
        env.must(calls::wake(slot_peer), "waking");
        env.must(calls::park(never), "sleeping");
    }
}

int serve(Environment& env) {
    wait_for_peer(env);
    Total total{};
    std::uint64_t streamed = 0;
    Counter::Server answers{
        env, libos::ipc::Overloaded{[&](EnvId, const Add& add) {
                                        total.sum += add.amount;
                                        ++total.count;
                                        return total;
                                    },
                                    [&](EnvId, const Clear&) { return total = Total{}; },
                                    [&](EnvId, const Stream& stream) {
                                        streamed = stream.messages;
                                        return total;
                                    }}};
    while (streamed == 0) answers.turn(never);
    answers.turn(env.now());  // the last answer

    const Rings rings = open_rings(env);
    libos::ipc::Receiver<Item> receiver{rings.to_server};
    libos::ipc::Sender<Item> sender{rings.to_client};
    for (std::uint64_t i = 0; i < streamed; ++i) {
        Item item{};
        while (!receiver.receive(item)) {
            env.must(calls::wake(slot_peer), "waking");
            receiver.wait(env, never);
        }
        if (item.number != i) env.panic("message ", item.number, " where ", i, " was due");
        item.square = item.number * item.number;
        send(env, sender, item);
    }
    env.must(calls::wake(slot_peer), "waking");
    return 0;
}

template <class Request>
Total ask(Environment& env, const Request& request) {
    for (;;) {
        const auto total = Counter::call(env, slot_peer, request);
        if (total.has_value()) return *total;
        if (total.error() != Status::busy) env.must(total, "calling the server");
        static_cast<void>(calls::yield());
    }
}

std::uint64_t stream(Environment& env, std::uint64_t messages) {
    const Rings rings = open_rings(env);
    libos::ipc::Sender<Item> sender{rings.to_server};
    libos::ipc::Receiver<Item> receiver{rings.to_client};
    std::uint64_t received = 0;
    auto take = [&] {
        for (Item item{}; receiver.receive(item); ++received) {
            if (item.square != received * received) env.panic("wrong square of ", received);
        }
    };
    for (std::uint64_t i = 0; i < messages; ++i) {
        while (!sender.send({i, 0})) {
            env.must(calls::wake(slot_peer), "waking");
            receiver.wait(env, never);
            take();
        }
    }
    while (received < messages) {
        env.must(calls::wake(slot_peer), "waking");
        receiver.wait(env, never);
        take();
    }
    return received;
}

int ask_and_stream(Environment& env) {
    wait_for_peer(env);
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    const std::uint64_t transfers = number("transfers");
    ask(env, Clear{});
    const std::uint64_t begun = env.now().value;
    Total total{};
    for (std::uint64_t i = 1; i <= transfers; ++i) total = ask(env, Add{i});
    const std::uint64_t called = env.now().value;
    const std::uint64_t messages = number("messages");
    ask(env, Stream{messages + 1});
    const std::uint64_t received = stream(env, messages + 1);
    libos::rt::JsonLine line;
    line.add("transfers", total.count)
        .add("ns_each", (called - begun) / transfers)
        .add("messages", received)
        .add("ns_each_way", (env.now().value - called) / (2 * received));
    env.report(line);
    return total.sum == transfers * (transfers + 1) / 2 ? 0 : 1;
}

Child start(Environment& env, Part part) {
    return env.must(libos::rt::spawn(env, {.program = "exchange",
                                           .limit_frames = 160,
                                           .env_record = env.start().env_record,
                                           .argument = part}),
                    "starting an environment");
}

void introduce(Environment& env, const Child& one, const Child& other, Slot ring) {
    env.must(calls::cap_grant(one.env, other.env, slot_peer, Rights::call), "a capability");
    env.must(calls::cap_grant(one.env, ring, slot_ring, read_write), "a shared frame");
}

int run(Environment& env) {
    if (env.start().argument == server) return serve(env);
    if (env.start().argument == client) return ask_and_stream(env);
    const Slot ring = env.must(env.space().allocate(), "a frame");
    const Child parts[] = {start(env, server), start(env, client)};
    introduce(env, parts[0], parts[1], ring);
    introduce(env, parts[1], parts[0], ring);
    std::uint32_t failed = 0;
    for (const Child& part : parts) failed |= libos::rt::wait(env, part);
    for (const Child& part : parts) libos::rt::destroy(env, part);
    return failed == 0 ? 0 : 1;
}

}  // namespace

CHITIN_PROGRAM(exchange, "Two environments call each other and stream messages.", parameters, run)

// exchange: two environments that talk: by protected control transfer, and over message rings.
//
// The root starts a server and a client (this program again, told its part by its start argument)
// and gives each a capability to call and wake the other, and the frame of their rings. The client
// asks the server through a typed interface, then streams messages to it and gets each back;
// what either does is checked by the other.
//
// With two cores, core 0's root environment is the client and core 1's the server, and the frame
// of the rings is lent. Memory that cores share is seen as soon as host cores get to it, not at a
// virtual instant: for the same history on both machines each looks at the rings only in its turn,
// which begins when the other wakes it (FarTurns).
#include "libos/ipc/interface.hpp"
#include "libos/ipc/ring.hpp"
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::EnvId;
using kernel::abi::Instant;
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
    {"burst", ParameterKind::integer, "32", "two cores: how many messages at most go in a turn", 1,
     1'000'000},
    {"dither_ns", ParameterKind::integer, "0",
     "two cores: how long a turn's end is put off at most, each turn's by another time", 0,
     1'000'000},
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

Rings open_rings(Environment& env, Slot frame) {
    auto& space = env.space();
    const auto page = space.reserve(1);
    env.must(space.map(frame, page, read_write), "mapping the rings");
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

// Answers calls until it is asked to stream; how many messages. The last answer's wait ends on
// `until` or with a wake, which is lost on who does not know that one may have come.
std::uint64_t answer_calls(Environment& env, Instant until) {
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
    answers.turn(until);
    return streamed;
}

int serve(Environment& env) {
    wait_for_peer(env);
    const std::uint64_t streamed = answer_calls(env, Instant{0});
    const Rings rings = open_rings(env, slot_ring);
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
Total ask(Environment& env, Slot server, const Request& request) {
    for (;;) {
        const auto total = Counter::call(env, server, request);
        if (total.has_value()) return *total;
        if (total.error() != Status::busy) env.must(total, "calling the server");
        static_cast<void>(calls::yield());
    }
}

std::uint64_t stream(Environment& env, std::uint64_t messages) {
    const Rings rings = open_rings(env, slot_ring);
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

std::uint64_t number(Environment& env, std::string_view name) {
    return static_cast<std::uint64_t>(env.arguments().integer(name));
}

// Asks `server`, then streams by `stream_all(messages)`; both are timed, and told in `line`.
template <class StreamAll>
int ask_and_stream(Environment& env, Slot server, libos::rt::JsonLine& line,
                   StreamAll&& stream_all) {
    const std::uint64_t transfers = number(env, "transfers");
    ask(env, server, Clear{});
    const std::uint64_t begun = env.now().value;
    Total total{};
    for (std::uint64_t i = 1; i <= transfers; ++i) total = ask(env, server, Add{i});
    const std::uint64_t called = env.now().value;
    const std::uint64_t messages = number(env, "messages");
    ask(env, server, Stream{messages + 1});
    const std::uint64_t received = stream_all(messages + 1);
    line.add("transfers", total.count)
        .add("ns_each", (called - begun) / transfers)
        .add("messages", received)
        .add("ns_each_way", (env.now().value - called) / (2 * received));
    return total.sum == transfers * (transfers + 1) / 2 ? 0 : 1;
}

int be_client(Environment& env) {
    wait_for_peer(env);
    libos::rt::JsonLine line;
    const int failed = ask_and_stream(
        env, slot_peer, line, [&env](std::uint64_t messages) { return stream(env, messages); });
    env.report(line);
    return failed;
}

// ---- two cores

// Whose turn it is with the rings. To end one's turn is to wake the other; the next one begins
// with being woken, which may come before one sleeps.
class FarTurns {
public:
    FarTurns(Environment& env, Slot other)
        : env_{env}, other_{other}, dither_ns_{number(env, "dither_ns")} {}

    void await() { env_.must(calls::park(never), "sleeping"); }
    void end() {
        env_.must(calls::wake(other_), "waking");
        if (dither_ns_ == 0) return;
        constexpr std::uint64_t step_ns = 37;  // coprime to the spans of interest
        env_.compute(libos::rt::Nanoseconds{ended_++ * step_ns % (dither_ns_ + 1)});
    }

private:
    Environment& env_;
    Slot other_;
    std::uint64_t dither_ns_;
    std::uint64_t ended_ = 0;
};

// Each turn answers all that is in the ring. A turn that finds nothing was a wake too many.
int serve_far(Environment& env) {
    const std::uint64_t streamed = answer_calls(env, never);  // until the first turn
    const Rings rings = open_rings(env, slot_ring);
    libos::ipc::Receiver<Item> receiver{rings.to_server};
    libos::ipc::Sender<Item> sender{rings.to_client};
    FarTurns turns{env, env.peer(0)};
    for (std::uint64_t done = 0;;) {
        const std::uint64_t before = done;
        for (Item item{}; receiver.receive(item); ++done) {
            if (item.number != done) env.panic("message ", item.number, " where ", done, " is due");
            item.square = item.number * item.number;
            if (!sender.send(item)) env.panic("no room for answer ", done);
        }
        if (done == before) env.panic("woken for nothing after ", done);
        turns.end();
        if (done == streamed) return 0;
        turns.await();
    }
}

struct FarStream {
    std::uint64_t turns = 0;
    std::uint64_t full = 0;  // turns that ended because the ring was full
};

std::uint64_t stream_far(Environment& env, Slot frame, std::uint64_t messages, FarStream& seen) {
    const Rings rings = open_rings(env, frame);
    libos::ipc::Sender<Item> sender{rings.to_server};
    libos::ipc::Receiver<Item> receiver{rings.to_client};
    FarTurns turns{env, env.peer(1)};
    const std::uint64_t most = number(env, "burst");
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    for (; received < messages; ++seen.turns) {
        std::uint64_t now = 0;
        bool room = true;
        while (now < most && sent < messages) {
            room = sender.send({sent, 0});
            if (!room) break;
            ++sent;
            ++now;
        }
        if (!room) ++seen.full;
        turns.end();
        turns.await();
        const std::uint64_t before = received;
        for (Item item{}; receiver.receive(item); ++received) {
            if (item.square != received * received) env.panic("wrong square of ", received);
        }
        if (received - before != now) env.panic(received - before, " answers to ", now);
    }
    return received;
}

int be_far_client(Environment& env) {
    const Slot frame = env.must(env.space().allocate(), "a frame");
    const Slot half = env.must(env.space().take_slot(), "a slot");
    const Slot server = env.peer(1);
    env.must(calls::cap_lend(server, frame, slot_ring, read_write, half), "lending");
    FarStream seen;
    libos::rt::JsonLine line;
    const int failed = ask_and_stream(env, server, line, [&](std::uint64_t messages) {
        return stream_far(env, frame, messages, seen);
    });
    line.add("turns", seen.turns).add("full", seen.full);
    env.report(line);
    return failed;
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
    if (env.start().argument == client) return be_client(env);
    const auto& system = env.info().system();
    if (system.cores > 1) return system.core == 0 ? be_far_client(env) : serve_far(env);
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

CHITIN_PROGRAM(exchange, "Two environments, on one core or two, call and stream messages.",
               parameters, run)

// multikernel: what it costs to agree with all cores: revoking, unmapping everywhere, counting.
//
// The root environment of core 0 lends one frame to the root environment of every other core, and
// takes it back: first while nobody has mapped it, then while everybody has. Then all cores count
// one counter up, each by calls to core 0. After every revocation each core is asked whether it
// still has the frame, and touches where it was mapped.
// Baumann et al., The Multikernel, SOSP 2009, section 5.1, measures unmapping so.
#include "libos/ipc/interface.hpp"
#include "libos/rt/program.hpp"

namespace {

using kernel::abi::EnvId;
using kernel::abi::never;
using libos::ipc::Overloaded;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Rights;
using libos::rt::Slot;
using libos::rt::Status;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"rounds", ParameterKind::integer, "10", "how often the frame is lent and revoked", 1, 10'000},
    {"counts", ParameterKind::integer, "100", "how often each core counts", 1, 100'000},
};

constexpr Slot slot_lent{4};
constexpr Rights read_write = Rights::read | Rights::write;

// ---- what a core can be asked

struct Done {
    std::uint64_t value;
};
struct Map {  // maps what was lent, and reads it
    using Reply = Done;
};
struct Look {  // value: is anything left of it?
    using Reply = Done;
};
struct Count {  // from now on
    using Reply = Done;
    std::uint64_t times;
};
struct Stop {
    using Reply = Done;
};
using Worker = libos::ipc::Interface<Map, Look, Count, Stop>;

// ---- what core 0 can be asked

struct Increment {
    using Reply = Done;
};
using Counter = libos::ipc::Interface<Increment>;

// Calls again where the other was busy: it had not come round to waiting yet.
template <class Server, class Request>
std::uint64_t ask(Environment& env, Slot server, const Request& request) {
    for (;;) {
        const auto done = Server::call(env, server, request);
        if (done.has_value()) return done->value;
        if (done.error() != Status::busy) env.must(done, "calling another core");
        env.compute(libos::rt::Nanoseconds{100});
    }
}

// ---- every core but 0

class Other {
public:
    explicit Other(Environment& env) : env_{env}, page_{env.space().reserve(1)} {}

    int run() {
        Worker::Server server{env_, Overloaded{[&](EnvId, const Map&) { return Done{map()}; },
                                               [&](EnvId, const Look&) { return Done{look()}; },
                                               [&](EnvId, const Count& count) {
                                                   counts_ = count.times;
                                                   return Done{0};
                                               },
                                               [&](EnvId, const Stop&) {
                                                   stopped_ = true;
                                                   return Done{0};
                                               }}};
        while (!stopped_) {
            server.turn(never);
            if (counts_ > 0) count(server);
        }
        server.turn(env_.now());  // the last answer
        return 0;
    }

private:
    std::uint64_t map() {
        env_.must(env_.space().map(slot_lent, page_, read_write), "mapping what was lent");
        return *reinterpret_cast<volatile std::uint64_t*>(page_.value);
    }
    std::uint64_t look() {
        const auto left = env_.must(calls::cap_identify(slot_lent), "identifying");
        return left.type == libos::rt::CapType::none ? 0 : 1;
    }
    template <class Server>
    void count(Server& server) {
        server.turn(env_.now());  // the answer to Count, before anything else
        for (; counts_ > 0; --counts_) ask<Counter>(env_, env_.peer(0), Increment{});
    }

    Environment& env_;
    libos::rt::VirtAddr page_;
    std::uint64_t counts_ = 0;
    bool stopped_ = false;
};

// ---- core 0

class First {
public:
    explicit First(Environment& env)
        : env_{env},
          cores_{env.info().system().cores},
          frame_{env.must(env.space().allocate(), "a frame")} {
        for (std::uint32_t core = 1; core < cores_; ++core) {
            halves_[core] = env.must(env.space().take_slot(), "a slot");
        }
    }

    int run() {
        const auto rounds = static_cast<std::uint64_t>(env_.arguments().integer("rounds"));
        for (const bool mapped : {false, true}) revoke_often(rounds, mapped);
        count();
        for (std::uint32_t core = 1; core < cores_; ++core) {
            ask<Worker>(env_, env_.peer(core), Stop{});
        }
        return 0;
    }

private:
    void lend() {
        for (std::uint32_t core = 1; core < cores_; ++core) {
            env_.must(calls::cap_lend(env_.peer(core), frame_, slot_lent, read_write,
                                      halves_[core]),
                      "lending");
        }
    }
    template <class Request>
    std::uint64_t ask_all(const Request& request) {
        std::uint64_t sum = 0;
        for (std::uint32_t core = 1; core < cores_; ++core) {
            sum += ask<Worker>(env_, env_.peer(core), request);
        }
        return sum;
    }

    void revoke_often(std::uint64_t rounds, bool mapped) {
        std::uint64_t lent_ns = 0;
        std::uint64_t revoked_ns = 0;
        std::uint64_t left = 0;
        for (std::uint64_t i = 0; i < rounds; ++i) {
            const std::uint64_t begun = env_.now().value;
            lend();
            lent_ns += env_.now().value - begun;
            if (mapped) ask_all(Map{});
            const std::uint64_t called = env_.now().value;
            env_.must(calls::cap_revoke(frame_), "revoking");
            revoked_ns += env_.now().value - called;
            left += ask_all(Look{});
        }
        if (left != 0) env_.panic(left, " cores still have what was revoked");
        report(mapped ? "unmap everywhere" : "revoke", revoked_ns / rounds);
        if (!mapped) report("lend to all", lent_ns / rounds);
    }

    void count() {
        const auto times = static_cast<std::uint64_t>(env_.arguments().integer("counts"));
        std::uint64_t total = 0;
        Counter::Server server{env_, [&](EnvId, const Increment&) { return Done{++total}; }};
        ask_all(Count{times});
        const std::uint64_t begun = env_.now().value;
        while (total < times * (cores_ - 1)) server.turn(never);
        server.turn(env_.now());
        if (cores_ > 1) report("count", (env_.now().value - begun) / total);
    }

    void report(std::string_view operation, std::uint64_t ns) {
        libos::rt::JsonLine line;
        line.add("operation", operation).add("ns", ns);
        env_.report(line);
    }

    Environment& env_;
    std::uint32_t cores_;
    Slot frame_;
    Slot halves_[kernel::abi::cores_max];
};

int run(Environment& env) {
    return env.info().system().core == 0 ? First{env}.run() : Other{env}.run();
}

}  // namespace

CHITIN_PROGRAM(multikernel, "Lends, revokes and counts across all cores.", parameters, run)

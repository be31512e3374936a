// multikernel: what it costs to agree with all cores: revoking, unmapping everywhere, counting;
// and where it goes.
//
// The root environment of core 0 lends one frame to the root environment of every other core, and
// takes it back: first while nobody has mapped it, then while everybody has. Then all cores count
// one counter up, each by calls to core 0. After every revocation each core is asked whether it
// still has the frame. Baumann et al., The Multikernel, SOSP 2009, section 5.1, measures unmapping
// so. Each operation's time on core 0 is told in parts that add up to it (multikernel_cost.hpp).
#include "libos/ipc/interface.hpp"
#include "libos/rt/program.hpp"
#include "scenarios/programs/multikernel_cost.hpp"

namespace {

using scenarios::multikernel::Cost;
using scenarios::multikernel::Shape;
using scenarios::multikernel::Usage;
using scenarios::multikernel::usage_of;

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
struct Count {  // from the instant `start_ns` on
    using Reply = Done;
    std::uint64_t times;
    std::uint64_t start_ns;
};
struct Tell {  // what this core has used since its start
    using Reply = Usage;
};
struct Counted {  // what counting used
    using Reply = Usage;
};
struct Stop {
    using Reply = Done;
};
using Worker = libos::ipc::Interface<Map, Look, Count, Tell, Counted, Stop>;

// ---- what core 0 can be asked

struct Increment {
    using Reply = Done;
};
using Counter = libos::ipc::Interface<Increment>;

constexpr libos::rt::Nanoseconds pause{100};  // before asking again who was busy

// ---- every core but 0

class Other {
public:
    explicit Other(Environment& env) : env_{env}, page_{env.space().reserve(1)} {}

    int run() {
        Worker::Server server{
            env_, Overloaded{[&](EnvId, const Map&) { return Done{map()}; },
                             [&](EnvId, const Look&) { return Done{look()}; },
                             [&](EnvId, const Count& count) {
                                 order_ = count;
                                 return Done{0};
                             },
                             [&](EnvId, const Tell&) { return usage_of(env_); },
                             [&](EnvId, const Counted&) { return counted_; },
                             [&](EnvId, const Stop&) {
                                 stopped_ = true;
                                 return Done{0};
                             }}};
        while (!stopped_) {
            server.turn(never);
            if (order_.times > 0) count(server);
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
        env_.upcalls().wait(kernel::abi::Instant{order_.start_ns}, [] { return false; });
        const Usage before = usage_of(env_);
        for (; order_.times > 0; --order_.times) {
            Counter::ask(env_, env_.peer(0), Increment{}, pause);
        }
        counted_ = usage_of(env_) - before;
    }

    Environment& env_;
    libos::rt::VirtAddr page_;
    Count order_{};
    Usage counted_{};
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
            Worker::ask(env_, env_.peer(core), Stop{}, pause);
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
    // The sum of all answers' values.
    template <class Request>
    std::uint64_t ask_all(const Request& request) {
        std::uint64_t sum = 0;
        for (std::uint32_t core = 1; core < cores_; ++core) {
            sum += Worker::ask(env_, env_.peer(core), request, pause).value;
        }
        return sum;
    }
    // What all the other cores have used.
    template <class Request>
    Usage others(const Request& request) {
        Usage sum{};
        for (std::uint32_t core = 1; core < cores_; ++core) {
            sum += Worker::ask(env_, env_.peer(core), request, pause);
        }
        return sum;
    }

    // Adds what `operation` costs here and on the other cores, asking them not included.
    template <class Operation>
    void measure(Cost& cost, Operation&& operation) {
        const Usage told = others(Tell{});
        const Usage asking = others(Tell{}) - told;
        const Usage there = others(Tell{});
        const Usage here = usage_of(env_);
        operation();
        cost.here += usage_of(env_) - here;
        cost.there += others(Tell{}) - there - asking;
        ++cost.times;
    }

    void revoke_often(std::uint64_t rounds, bool mapped) {
        Cost lending{};
        Cost revoking{};
        std::uint64_t left = 0;
        for (std::uint64_t i = 0; i < rounds; ++i) {
            measure(lending, [&] { lend(); });
            if (mapped) ask_all(Map{});
            measure(revoking, [&] { env_.must(calls::cap_revoke(frame_), "revoking"); });
            left += ask_all(Look{});
        }
        if (left != 0) env_.panic(left, " cores still have what was revoked");
        const std::uint32_t others = cores_ - 1;
        report(mapped ? "unmap everywhere" : "revoke", revoking,
               {.trips = others > 0 ? 1u : 0u, .at_once = others > 0 ? others : 1});
        if (!mapped) report("lend to all", lending, {.trips = others, .at_once = 1});
    }

    void count() {
        if (cores_ == 1) return;
        const auto times = static_cast<std::uint64_t>(env_.arguments().integer("counts"));
        Cost cost{};
        Counter::Server server{env_,
                               [&](EnvId, const Increment&) { return Done{++cost.times}; }};
        constexpr std::uint64_t order_ns = 5'000;  // more than it takes to ask one core
        const kernel::abi::Instant start{env_.now().value + cores_ * order_ns};
        ask_all(Count{times, start.value});
        env_.upcalls().wait(start, [] { return false; });
        const Usage here = usage_of(env_);
        while (cost.times < times * (cores_ - 1)) server.turn(never);
        server.turn(env_.now());
        cost.here = usage_of(env_) - here;
        cost.there = others(Counted{});
        report("count", cost, {.trips = 1, .at_once = 1});
    }

    void report(std::string_view operation, const Cost& cost, Shape shape) {
        libos::rt::JsonLine line;
        line.add("operation", operation);
        cost.tell(line, env_.info().cell().costs, shape);
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

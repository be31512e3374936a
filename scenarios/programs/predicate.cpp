// predicate: environments that sleep until memory says that they may go on.
//
// A producer and a consumer (this program again, told its part by its start argument) share a frame
// with a ring of numbers. Neither calls or wakes the other: each sleeps by a downloaded predicate
// until the other's count has passed what it wants, which it writes into a frame of its own. A
// third sleeps until a count that never comes, and wakes when what it looks at is taken from it.
//
// Each sleeps at places that the numbers alone decide: with the same history on both machines.
#include "libos/code/download.hpp"
#include "libos/code/predicates.hpp"
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::never;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Rights;
using libos::rt::Slot;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"batches", ParameterKind::integer, "40", "how many batches of numbers go round", 1, 100'000},
    {"compute_ns", ParameterKind::integer, "2000", "what making or taking a batch costs", 0,
     1'000'000},
};

enum Part : std::uint64_t { root, producer, consumer, orphan };

constexpr Slot slot_ring{4};
constexpr Rights read_write = Rights::read | Rights::write;
constexpr std::uint64_t batch = 64;
constexpr std::uint64_t room = 4 * batch;

// What the two share.
struct Ring {
    std::uint64_t made;
    std::uint64_t taken;
    std::uint64_t asleep;  // the third is about to be
    std::uint64_t numbers[room];
};
static_assert(sizeof(Ring) <= kernel::abi::page_size);
constexpr std::int16_t made_at = offsetof(Ring, made);
constexpr std::int16_t taken_at = offsetof(Ring, taken);
constexpr std::int16_t asleep_at = offsetof(Ring, asleep);

// Its own view of the ring, and what it sleeps with.
class Sleeper {
public:
    Sleeper(Environment& env, Slot ring, std::int16_t count_at) : env_{env}, frame_{ring} {
        ring_ = reinterpret_cast<volatile Ring*>(mapped(ring));
        own_ = env.must(env.space().allocate(), "a frame");
        wanted_ = reinterpret_cast<volatile std::uint64_t*>(mapped(own_));
        const auto down = libos::code::download(env, libos::code::reached(count_at, 0),
                                                kernel::abi::CodeKind::predicate);
        if (down.fault.reason != kernel::abi::CodeReason::none) {
            env.panic("refused for reason ", static_cast<std::uint64_t>(down.fault.reason));
        }
        code_ = env.must(down.code, "downloading");
    }

    volatile Ring& ring() { return *ring_; }
    // Until its count is at least `wanted`, or the ring is gone.
    void sleep(std::uint64_t wanted) {
        *wanted_ = wanted;
        env_.must(calls::park_until(code_, never, frame_, own_), "sleeping");
        ++sleeps_;
    }
    std::uint64_t sleeps() const { return sleeps_; }

private:
    std::uint64_t mapped(Slot frame) {
        const auto page = env_.space().reserve(1);
        env_.must(env_.space().map(frame, page, read_write), "mapping");
        return page.value;
    }

    Environment& env_;
    Slot frame_;
    volatile Ring* ring_ = nullptr;
    volatile std::uint64_t* wanted_ = nullptr;
    Slot own_{};
    Slot code_{};
    std::uint64_t sleeps_ = 0;
};

// The root fills the slot after it has started this environment.
Slot await_ring(Environment& env) {
    while (env.must(calls::cap_identify(slot_ring), "identifying").type !=
           libos::rt::CapType::frame) {
        static_cast<void>(calls::yield());
    }
    return slot_ring;
}

constexpr std::uint64_t number_of(std::uint64_t i) { return i * i + 7; }

std::uint64_t argument(Environment& env, std::string_view name) {
    return static_cast<std::uint64_t>(env.arguments().integer(name));
}

// Makes each batch once there is room for it.
int produce(Environment& env) {
    Sleeper sleeper{env, await_ring(env), taken_at};
    volatile Ring& ring = sleeper.ring();
    const libos::rt::Nanoseconds work{argument(env, "compute_ns")};
    for (std::uint64_t b = 0; b < argument(env, "batches"); ++b) {
        const std::uint64_t end = (b + 1) * batch;
        if (end > room) sleeper.sleep(end - room);
        if (end > room && ring.taken < end - room) env.panic("woken without room");
        env.compute(work);
        for (std::uint64_t i = b * batch; i < end; ++i) {
            ring.numbers[i % room] = number_of(i);
            __atomic_store_n(&ring.made, i + 1, __ATOMIC_RELEASE);
        }
    }
    return 0;
}

int consume(Environment& env) {
    Sleeper sleeper{env, await_ring(env), made_at};
    volatile Ring& ring = sleeper.ring();
    const libos::rt::Nanoseconds work{argument(env, "compute_ns")};
    const std::uint64_t batches = argument(env, "batches");
    for (std::uint64_t b = 0; b < batches; ++b) {
        const std::uint64_t end = (b + 1) * batch;
        sleeper.sleep(end);
        if (ring.made < end) env.panic("woken at ", ring.made, " where ", end, " was wanted");
        for (std::uint64_t i = b * batch; i < end; ++i) {
            if (ring.numbers[i % room] != number_of(i)) env.panic("wrong number ", i);
        }
        env.compute(work);
        __atomic_store_n(&ring.taken, end, __ATOMIC_RELEASE);
    }
    libos::rt::JsonLine line;
    line.add("numbers", batches * batch).add("sleeps", sleeper.sleeps());
    line.add("compiled", env.info().system().code_compiled);
    env.report(line);
    return 0;
}

// Sleeps for what never comes.
int be_orphan(Environment& env) {
    Sleeper sleeper{env, await_ring(env), made_at};
    sleeper.ring().asleep = 1;
    sleeper.sleep(~std::uint64_t{0});
    const auto left = env.must(calls::cap_identify(slot_ring), "identifying");
    return left.type == libos::rt::CapType::none ? 0 : 1;
}

Child start(Environment& env, Part part, Slot ring) {
    const Child child = env.must(libos::rt::spawn(env, {.program = "predicate",
                                                        .limit_frames = 200,
                                                        .env_record = env.start().env_record,
                                                        .argument = part}),
                                 "starting an environment");
    env.must(calls::cap_grant(child.env, ring, slot_ring, read_write), "a shared frame");
    return child;
}

int run(Environment& env) {
    switch (env.start().argument) {
        case producer: return produce(env);
        case consumer: return consume(env);
        case orphan: return be_orphan(env);
        default: break;
    }
    const Slot ring = env.must(env.space().allocate(), "a frame");
    const Child both[] = {start(env, producer, ring), start(env, consumer, ring)};
    const Child third = start(env, orphan, ring);
    std::uint32_t failed = 0;
    for (const Child& child : both) failed |= libos::rt::wait(env, child);
    Sleeper sleeper{env, ring, asleep_at};
    sleeper.sleep(1);
    env.must(calls::cap_revoke(ring), "taking the ring back");
    failed |= libos::rt::wait(env, third);
    for (const Child& child : both) libos::rt::destroy(env, child);
    libos::rt::destroy(env, third);
    return failed == 0 ? 0 : 1;
}

}  // namespace

CHITIN_PROGRAM(predicate, "Environments sleep until memory says that they may go on.", parameters,
               run)

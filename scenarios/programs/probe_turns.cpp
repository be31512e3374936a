// probe_turns: who runs next, where environments block at awkward instants.
//
// `blocking`: five share a core by slices, with a server and this program's root. Four block in the
// grace at the end of each of their slices: asleep, in a call to another core, in a loan to it, in
// a call to the slow server. A thief, which has all idle time, tries to bind the fifth's slice. The
// fifth, which only computes, must have its turns whole, and the others pay for what they overran.
// `reply`: a server is called in its client's slice, is still at work when its own slice begins,
// and answers in that. The rest of it is idle time, the named environment's; the client must not
// have it, and the server must have it back when it wakes.
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::EnvId;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::never;
using kernel::abi::Upcall;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Rights;
using libos::rt::Slot;
using libos::rt::Status;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"situation", ParameterKind::choice, "blocking", "what is tried", 0, 0, "blocking reply"},
};

enum Manner : std::uint64_t {
    root = 0,
    computes,
    parks,
    calls_far,
    lends_far,
    calls_near,
    serves,
    steals,
    asks,
    answers,
    idles,
};

constexpr Slot slot_peer{4};   // of a child: whom it calls or lends to
constexpr Slot slot_slice{5};  // a thief's: another's slice, to look at and to use
constexpr Slot slot_other_slice{6};
constexpr Slot slot_lent{7};   // of core 1's root environment
constexpr std::uint64_t slice_ns = 200'000;
constexpr std::uint64_t grace_ns = 50'000;
constexpr std::uint64_t run_ns = 60'000'000;  // of machine time, until children end
constexpr std::uint64_t slow_ns = 300'000;    // what a server takes
constexpr std::uint64_t piece_ns = 5'000;

void wait_for(Environment& env, Slot slot) {
    while (env.must(calls::cap_identify(slot), "identifying").type ==
           libos::rt::CapType::none) {
        static_cast<void>(calls::yield());
    }
}

// ---- children

int serve(Environment& env) {
    for (;;) {
        const auto caller = calls::transfer_wait(never, {});
        if (caller.has_value() && caller->value != 0) env.compute(Nanoseconds{slow_ns});
    }
}

// Computes, and blocks wherever it is told that its slice ends.
class Blocker {
public:
    Blocker(Environment& env, Manner manner)
        : env_{env},
          manner_{manner},
          frame_{env.must(env.space().allocate(), "a frame")},
          half_{env.must(env.space().take_slot(), "a slot")} {
        if (manner_ == computes) return;
        if (manner_ != parks) wait_for(env, slot_peer);
        env.upcalls().add(on_upcall, this);
        env.upcalls().page().wants = 1u << static_cast<unsigned>(Upcall::slice_end);
    }

    int run() {
        while (env_.now().value < run_ns) env_.compute(Nanoseconds{piece_ns});
        env_.upcalls().page().wants = 0;
        libos::rt::JsonLine line;
        line.add("blocked", blocked_);
        env_.report(line);
        return manner_ == computes || blocked_ > 0 ? 0 : 1;
    }

private:
    static bool on_upcall(void* self, const libos::rt::UpcallData& data) {
        if (data.kind != Upcall::slice_end) return false;
        static_cast<Blocker*>(self)->block(Instant{data.error});
        return true;
    }
    void block(Instant grace_end) {
        switch (manner_) {
            case parks:
                env_.must(calls::park(Instant{grace_end.value + 2 * slice_ns}), "sleeping");
                break;
            case lends_far:
                env_.must(calls::cap_lend(slot_peer, frame_, slot_lent, Rights::read, half_),
                          "lending");
                env_.must(calls::cap_revoke(frame_), "revoking");
                break;
            default: {
                const auto called = calls::transfer_call(slot_peer, {});
                if (!called.has_value() && called.error() != Status::busy) {
                    env_.must(called, "calling");
                }
            }
        }
        ++blocked_;
    }

    Environment& env_;
    Manner manner_;
    Slot frame_;
    Slot half_;
    std::uint64_t blocked_ = 0;
};

// Has one capability of another's slice without a right, and one that might bind it.
int steal(Environment& env) {
    wait_for(env, slot_other_slice);
    int stolen = 0;
    const auto expect = [&](const libos::rt::Result<std::uint64_t>& done, Status status) {
        if (done.has_value() || done.error() != status) ++stolen;
    };
    while (env.now().value < run_ns) {
        expect(calls::slice_bind(slot_slice), Status::no_right);
        expect(calls::slice_bind(slot_other_slice), Status::busy);
        expect(calls::cycle_shape(kernel::abi::slot_cycle, 1, Nanoseconds{slice_ns},
                                  Nanoseconds{0}),
               Status::empty_slot);
        expect(calls::cycle_idle(kernel::abi::slot_cycle, libos::rt::self), Status::empty_slot);
        env.must(calls::cap_revoke(slot_slice), "revoking what is another's");
        env.compute(Nanoseconds{piece_ns});
    }
    env.must(calls::cap_delete(slot_slice), "deleting what is another's");
    env.must(calls::cap_delete(slot_other_slice), "deleting what is another's");
    return stolen;
}

constexpr int rounds = 8;

std::uint32_t position(Environment& env) {
    const volatile auto& cycle = env.info().cycle();
    return cycle.position;
}
std::uint64_t used_ns(Environment& env, EnvId id) {
    const volatile auto& info = env.info().env(id);
    return info.time_ns;
}

// Calls the server at the beginning of its own turns, position 0.
int ask(Environment& env) {
    wait_for(env, slot_peer);
    for (int i = 0; i < rounds;) {
        const volatile auto& cycle = env.info().cycle();
        const std::uint64_t end_ns = cycle.turn_end_ns;
        if (position(env) == 0 && env.now().value + slice_ns / 2 < end_ns) {
            env.must(calls::transfer_call(slot_peer, {}), "calling");
            ++i;
        } else {
            env.compute(Nanoseconds{piece_ns});
        }
    }
    return 0;
}

// Answers in its own turn, position 1, and sleeps for a part of what is left of it.
int answer(Environment& env, EnvId client, EnvId idler) {
    constexpr std::uint64_t sleep_ns = 40'000;
    for (int i = 0; i < rounds;) {
        const auto caller = calls::transfer_wait(never, {});
        if (!caller.has_value() || caller->value == 0) continue;
        while (position(env) != 1) env.compute(Nanoseconds{piece_ns});
        env.compute(Nanoseconds{4 * piece_ns});
        const std::uint64_t client_ns = used_ns(env, client);
        const std::uint64_t idler_ns = used_ns(env, idler);
        const Instant wake{env.now().value + sleep_ns};
        env.must(calls::transfer_wait(wake, {}), "answering");
        const std::uint64_t late_ns = env.now().value - wake.value;
        libos::rt::JsonLine line;
        line.add("position", position(env))
            .add("late_ns", late_ns)
            .add("client_ns", used_ns(env, client) - client_ns)
            .add("idler_ns", used_ns(env, idler) - idler_ns);
        env.report(line);
        ++i;
    }
    return 0;
}

int idle(Environment& env) {
    while (env.now().value < run_ns / 4) env.compute(Nanoseconds{piece_ns});
    return 0;
}

// ---- the root environment of core 0

class Director {
public:
    explicit Director(Environment& env) : env_{env} {}

    int blocking() {
        const Child server = child(serves);
        const Child thief = child(steals);
        constexpr Manner manners[] = {computes, parks, calls_far, lends_far, calls_near};
        constexpr std::uint32_t count = sizeof manners / sizeof manners[0];
        Child children[count];
        for (std::uint32_t i = 0; i < count; ++i) children[i] = child(manners[i]);
        give(children[2], env_.peer(1), Rights::call);
        give(children[3], env_.peer(1), Rights::manage);
        give(children[4], server.env, Rights::call);
        const std::uint64_t used = used_ns(env_, children[0].id);
        shape(count + 2);
        for (std::uint32_t i = 0; i < count; ++i) slices_[i] = bind(i, children[i]);
        bind(count, server);
        bind(count + 1, {.env = libos::rt::self, .account = {}, .id = {}});
        env_.must(calls::cap_grant(thief.env, slices_[0], slot_slice, Rights::none), "a look");
        env_.must(calls::cap_grant(thief.env, slices_[0], slot_other_slice, Rights::manage),
                  "a temptation");
        env_.must(calls::cycle_idle(kernel::abi::slot_cycle, thief.env), "idle time");
        const std::uint64_t begun = env_.now().value;
        env_.upcalls().wait(Instant{run_ns - 2'000'000}, [] { return false; });
        const std::uint64_t elapsed = env_.now().value - begun;
        report(count, elapsed, used_ns(env_, children[0].id) - used);
        std::uint32_t failed = libos::rt::wait(env_, thief);
        for (const Child& each : children) failed |= libos::rt::wait(env_, each);
        for (const Child& each : children) libos::rt::destroy(env_, each);
        libos::rt::destroy(env_, thief);
        libos::rt::destroy(env_, server);
        return failed == 0 ? 0 : 1;
    }

    int reply() {
        const Child idler = child(idles);
        const Child client = child(asks);
        const std::uint64_t ids = std::uint64_t{client.id.value} << 32 |
                                  std::uint64_t{idler.id.value} << 48;
        const Child server = child(answers, ids);
        shape(3);
        bind(0, client);
        bind(1, server);
        give(client, server.env, Rights::call);
        env_.must(calls::cycle_idle(kernel::abi::slot_cycle, idler.env), "idle time");
        std::uint32_t failed = 0;
        for (const Child& each : {client, server, idler}) {
            failed |= libos::rt::wait(env_, each);
            libos::rt::destroy(env_, each);
        }
        return failed == 0 ? 0 : 1;
    }

private:
    Child child(Manner manner, std::uint64_t more = 0) {
        return env_.must(libos::rt::spawn(env_, {.program = "probe_turns",
                                                 .limit_frames = 160,
                                                 .argument = manner | more}),
                         "a child");
    }
    void give(const Child& child, Slot what, Rights rights) {
        env_.must(calls::cap_grant(child.env, what, slot_peer, rights), "a peer");
    }
    void shape(std::uint32_t positions) {
        env_.must(calls::cycle_shape(kernel::abi::slot_cycle, positions, Nanoseconds{slice_ns},
                                     Nanoseconds{grace_ns}),
                  "the cycle");
    }
    Slot bind(std::uint32_t position, const Child& child) {
        const Slot slice = env_.must(env_.space().take_slot(), "a slot");
        env_.must(calls::slice_allocate(kernel::abi::slot_cycle, slice, position), "a slice");
        env_.must(calls::slice_bind(slice, child.env), "binding");
        return slice;
    }
    void report(std::uint32_t count, std::uint64_t elapsed_ns, std::uint64_t victim_ns) {
        for (std::uint32_t i = 0; i < count; ++i) {
            const volatile auto& slice = env_.info().cycle().slices[i];
            libos::rt::JsonLine line;
            line.add("slice", i)
                .add("elapsed_ns", elapsed_ns)
                .add("turns", std::uint64_t{slice.turns})
                .add("overrun_ns", std::uint64_t{slice.overrun_ns})
                .add("forfeited_ns", std::uint64_t{slice.forfeited_ns})
                .add("debt_ns", std::uint64_t{slice.debt_ns});
            if (i == 0) line.add("time_ns", victim_ns);
            env_.report(line);
        }
    }

    Environment& env_;
    Slot slices_[8] = {};
};

int run(Environment& env) {
    const std::uint64_t argument = env.start().argument;
    const auto manner = static_cast<Manner>(argument & 0xffff'ffff);
    const auto id = [argument](unsigned shift) {
        return EnvId{static_cast<std::uint16_t>(argument >> shift)};
    };
    switch (manner) {
        case root: break;
        case serves: return serve(env);
        case steals: return steal(env);
        case asks: return ask(env);
        case answers: return answer(env, id(32), id(48));
        case idles: return idle(env);
        default: return Blocker{env, manner}.run();
    }
    if (env.info().system().core != 0) return serve(env);
    Director director{env};
    return env.arguments().text("situation") == "reply" ? director.reply() : director.blocking();
}

}  // namespace

CHITIN_PROGRAM(probe_turns, "Blocks at awkward instants; who runs next?", parameters, run)

// probe_ends: core 0's root environment ends while all cores lend, call, wake and revoke.
//
// Each core's root goes through rounds of lending a frame to another core, calling and waking it,
// lending on what it has borrowed, serving whoever called, and revoking. Core 0's ends
// `end_ns` after its first round, or as soon as it can then: with a child that calls core 1, with
// loans to all, and with a call that it does not answer. The others go on to their last round,
// with a neighbour that answers only as a kernel does.
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::Instant;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Rights;
using libos::rt::Slot;
using libos::rt::Status;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"end_ns", ParameterKind::integer, "0", "when core 0 ends, after its first round", 0,
     100'000'000},
    {"rounds", ParameterKind::integer, "40", "of the other cores", 1, 100'000},
};

constexpr std::uint32_t cores_most = 4;  // each lends into a slot of its own of the others'
constexpr Slot slot_peer{4};             // of the child: whom it calls
constexpr Rights shared = Rights::read | Rights::write | Rights::grant;

Slot lent_by(std::uint32_t core) { return Slot{4 + core}; }

class Party {
public:
    explicit Party(Environment& env)
        : env_{env},
          core_{env.info().system().core},
          cores_{env.info().system().cores},
          frame_{env.must(env.space().allocate(), "a frame")},
          half_{env.must(env.space().take_slot(), "a slot")},
          other_half_{env.must(env.space().take_slot(), "a slot")} {
        if (cores_ < 2 || cores_ > cores_most) env.panic("2 to ", cores_most, " cores");
    }

    void round() {
        const auto step = static_cast<std::uint32_t>(rounds_ % (cores_ - 1));
        const std::uint32_t to = (core_ + 1 + step) % cores_;
        const std::uint32_t on = (to + 1) % cores_ == core_ ? (to + 2) % cores_ : (to + 1) % cores_;
        ++rounds_;
        const Slot peer = env_.peer(to);
        check(calls::cap_lend(peer, frame_, lent_by(core_), shared, half_), "lending");
        check(calls::transfer_call(peer, {rounds_}), "calling");
        check(calls::wake(peer), "waking");
        if (on != core_) {
            check(calls::cap_lend(env_.peer(on), lent_by(to), lent_by(core_), shared,
                                  other_half_),
                  "lending on");
        }
        constexpr std::uint64_t serve_ns = 1500;
        const calls::Words answer = {rounds_};
        check(calls::transfer_wait(Instant{env_.now().value + serve_ns}, answer), "serving");
        if (rounds_ % 4 == 0) check(calls::cap_delete(lent_by(to)), "giving back");
        env_.must(calls::cap_revoke(frame_), "revoking");
        check(calls::cap_delete(other_half_), "taking back");
        if (calls::cap_identify(half_)->type != libos::rt::CapType::none) {
            env_.panic("a half after revoking");
        }
    }

    // Lends to all, and is called, and does nothing about either.
    void leave_open() {
        for (std::uint32_t core = 0; core < cores_; ++core) {
            if (core == core_) continue;
            const Slot half = env_.must(env_.space().take_slot(), "a slot");
            check(calls::cap_lend(env_.peer(core), frame_, lent_by(core_), shared, half),
                  "lending to all");
        }
        constexpr std::uint64_t called_ns = 2000;
        check(calls::transfer_wait(Instant{env_.now().value + called_ns}, {}), "being called");
    }

private:
    // Refused is all that an honest call may be here.
    template <class T>
    void check(const libos::rt::Result<T>& done, std::string_view what) {
        if (done.has_value()) return;
        switch (done.error()) {
            case Status::busy:
            case Status::bad_state:
            case Status::callee_gone:
            case Status::other_core:
            case Status::empty_slot:
            case Status::occupied_slot:
            case Status::no_right: return;
            default: env_.must(done, what);
        }
    }

    Environment& env_;
    std::uint32_t core_;
    std::uint32_t cores_;
    Slot frame_;
    Slot half_;
    Slot other_half_;
    std::uint64_t rounds_ = 0;
};

// Calls core 1 for as long as there is one.
int call_on() {
    for (;;) {
        const auto called = calls::transfer_call(slot_peer, {1});
        if (!called.has_value() && called.error() != Status::busy &&
            called.error() != Status::empty_slot) {
            return 0;
        }
        static_cast<void>(calls::yield());
    }
}

int run(Environment& env) {
    if (env.start().argument != 0) return call_on();
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    Party party{env};
    if (env.info().system().core != 0) {
        const std::uint64_t rounds = number("rounds");
        for (std::uint64_t i = 0; i < rounds; ++i) party.round();
        return 0;
    }
    const auto child = env.must(
        libos::rt::spawn(env, {.program = "probe_ends", .limit_frames = 160, .argument = 1}),
        "a child");
    env.must(calls::cap_grant(child.env, env.peer(1), slot_peer, Rights::call), "granting");
    party.round();
    const Instant end{env.now().value + number("end_ns")};
    constexpr std::uint64_t round_ns = 25'000;
    while (env.now().value + round_ns < end.value) party.round();
    party.leave_open();
    const Instant now = env.now();
    if (now < end) env.compute(libos::rt::Nanoseconds{end.value - now.value});
    return 0;
}

}  // namespace

CHITIN_PROGRAM(probe_ends, "Core 0 ends while all cores lend, call, wake and revoke.", parameters,
               run)

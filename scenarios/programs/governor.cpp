// governor: a scheduler environment. It hands out the time that it has, a slice at a time, by any
// policy of libos/sched.
//
// As a core's root it owns all of the core's time: the cycle's one position is its own. As a
// member of another governor it has the turns it is given. Either way it asks its policy, yields
// the rest of the slice to the one chosen, and tells the policy what became of it: true state,
// read from the info window. Whoever it yields to is pre-empted when the slice ends, whatever its
// manners; the core then goes back to the root, and down again from governor to governor.
//
// A member is charged with what its whole family used, itself and all that it started: a governor
// uses next to nothing itself. The root keeps idle time to itself: else it would go round all who
// can run, past the governors above them.
#include "scenarios/programs/members.hpp"
#include "scenarios/programs/whole_core.hpp"

namespace {

using kernel::abi::EnvId;
using kernel::abi::EnvState;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using libos::rt::Environment;
using libos::sched::Choice;
using libos::sched::no_task;
using libos::sched::Stop;
using libos::sched::TaskId;
using scenarios::programs::Member;
using scenarios::programs::Members;
using scenarios::programs::Terms;
namespace calls = libos::rt::calls;

template <libos::sched::Scheduler S>
class Governor {
public:
    Governor(Environment& env, Members& members, kernel::base::Arena& arena,
             const libos::sched::Config& config)
        : env_{env}, members_{members}, policy_{arena, config} {
        for (std::uint32_t i = 0; i < config.tasks; ++i) {
            const Member& member = members.all()[i];
            if (!policy_.admit(TaskId{i}, member.terms.demand(), env.now())) {
                members.refuse(member.name, "the scheduler cannot promise its terms");
            }
        }
    }

    // Hands out slices until the Instant `end`, or until all members have ended.
    void govern(Instant end) {
        for (Instant now = env_.now(); now < end && !members_.all_ended(); now = env_.now()) {
            wake_those_who_may(now);
            const Choice choice = policy_.pick(now);
            if (choice.task == no_task) {
                pause(now);
            } else {
                run(choice.task);
            }
        }
    }

    // A line for each: what it was entitled to of the last `elapsed_ns`, and what it got.
    void report(std::uint64_t window, std::uint64_t elapsed_ns) {
        std::uint64_t shared_ns = 0;
        std::uint64_t shares = 0;
        for (const Member& member : members_.all()) {
            if (member.terms.budget_ns != 0) continue;
            shared_ns += member.used_ns;
            shares += member.terms.share;
        }
        for (Member& member : members_.all()) {
            const Terms& terms = member.terms;
            const std::uint64_t entitled_ns =
                terms.budget_ns != 0
                    ? elapsed_ns / 1000 * terms.budget_ns / (terms.period_ns / 1000)
                    : shared_ns * terms.share / shares;
            libos::rt::JsonLine line;
            line.add("window", window)
                .add("scheduler", S::name)
                .add("who", member.name)
                .add("turns", member.turns)
                .add("entitled_permille", entitled_ns * 1000 / elapsed_ns)
                .add("got_permille", member.used_ns * 1000 / elapsed_ns)
                .add("got_%", entitled_ns == 0 ? 0 : member.used_ns * 100 / entitled_ns);
            env_.report(line);
            member.turns = member.used_ns = 0;
        }
    }

private:
    static constexpr std::uint64_t pause_ns = 50'000;  // while nobody may run

    Member& member(TaskId task) { return members_.all()[libos::sched::position(task)]; }

    bool runnable(const Member& member) {
        const volatile auto& info = env_.info().env(member.child.id);
        return info.state == EnvState::runnable;
    }

    // What it and all that it started used since this was asked last. What has been taken down
    // meanwhile does not count.
    Nanoseconds family_used(Member& member) {
        std::uint64_t sum = 0;
        for (std::uint16_t id = 1; id < kernel::abi::environments_max; ++id) {
            const volatile auto& info = env_.info().env(EnvId{id});
            if (info.state != EnvState::none && descends(EnvId{id}, member.child.id)) {
                sum += info.time_ns;
            }
        }
        const std::uint64_t before = member.family_ns;
        member.family_ns = sum;
        return Nanoseconds{sum > before ? sum - before : 0};
    }

    bool descends(EnvId id, EnvId from) {
        for (unsigned i = 0; i < kernel::abi::environments_max; ++i) {
            if (id == from) return true;
            if (id == kernel::abi::no_env) return false;
            id = env_.info().env(id).creator;
        }
        return false;
    }

    void wake_those_who_may(Instant now) {
        for (std::uint32_t i = 0; i < members_.all().size(); ++i) {
            Member& one = member(TaskId{i});
            if (one.awake || !runnable(one) || !one.reservation.wake(now)) continue;
            one.awake = true;
            policy_.wake(TaskId{i}, {.size = Nanoseconds{one.terms.size_ns},
                                     .release = one.reservation.release()}, now);
        }
    }

    void run(TaskId task) {
        Member& one = member(task);
        static_cast<void>(calls::yield(one.child.env));
        const Nanoseconds ran = family_used(one);
        one.used_ns += ran.value;
        ++one.turns;
        one.awake = one.reservation.charge(ran, runnable(one));
        policy_.stop(task, ran, one.awake ? Stop::preempted : Stop::ended, env_.now());
    }

    void pause(Instant now) {
        if (members_.root()) return env_.compute(Nanoseconds{pause_ns});
        static_cast<void>(calls::park(Instant{now.value + pause_ns}));
    }

    Environment& env_;
    Members& members_;
    S policy_;
};

int run(Environment& env) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    Members members{env};
    members.read();
    const Nanoseconds slice{number("slice_us") * 1000};
    if (members.root()) scenarios::programs::own_all_time(env, slice);
    members.start();
    const libos::sched::Config config{
        .tasks = static_cast<std::uint32_t>(members.all().size()),
        .quantum = slice,
        .seed = env.start().seed};
    libos::sched::with_scheduler(env.arguments().text("scheduler"), [&](auto scheduler) {
        using S = typename decltype(scheduler)::type;
        const auto memory = env.heap().array<std::byte>(S::bytes(config));
        if (memory.empty()) env.panic("no memory for the scheduler");
        kernel::base::Arena arena{memory};
        Governor<S> governor{env, members, arena, config};
        Instant begun = env.now();
        for (std::uint64_t window = 0; window < number("windows"); ++window) {
            governor.govern(Instant{begun.value + number("window_ms") * 1'000'000});
            if (members.all_ended()) break;
            const Instant now = env.now();
            governor.report(window, now.value - begun.value);
            begun = now;
        }
        governor.govern(kernel::abi::never);
    });
    if (members.root()) {
        env.must(calls::cap_revoke(kernel::abi::slot_cycle), "giving the core's time back");
    }
    return members.finish() ? 0 : 1;
}

}  // namespace

CHITIN_PROGRAM(governor, "Hands out the time it has by a CPU scheduler of libos/sched.",
               scenarios::programs::governor_parameters, run)

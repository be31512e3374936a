// governor: a scheduler environment. It owns all of the core's time and hands it out, a slice at
// a time, by a policy of libos/sched.
//
// The cycle's one position is its own; each turn it asks the policy, yields the slice to the one
// chosen, and tells the policy what became of it: true state, read from the info window. Whoever
// it yields to is pre-empted when the slice ends, whatever its manners.
#include "libos/sched/list.hpp"
#include "scenarios/programs/neighbours.hpp"
#include "scenarios/programs/whole_core.hpp"

namespace {

using kernel::abi::EnvState;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::sched::Choice;
using libos::sched::no_task;
using libos::sched::Stop;
using libos::sched::TaskId;
using scenarios::programs::Neighbour;
using scenarios::programs::Neighbours;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"scheduler", ParameterKind::choice, "stride", "who gets the next slice", 0, 0,
     "stride lottery fair eevdf round-robin"},
    {"slice_us", ParameterKind::integer, "200", "length of a slice", 1, 1'000'000},
    {"windows", ParameterKind::integer, "8", "how often it looks", 1, 1000},
    {"window_ms", ParameterKind::integer, "10", "virtual ms between two looks", 1, 100'000},
    {"limit", ParameterKind::integer, "160", "frames of each environment", 128, 1 << 20},
};

template <libos::sched::Scheduler S>
class Governor {
public:
    Governor(Environment& env, Neighbours& neighbours, kernel::base::Arena& arena,
             const libos::sched::Config& config)
        : env_{env}, neighbours_{neighbours}, policy_{arena, config} {
        for (std::uint32_t i = 0; i < config.tasks; ++i) {
            const std::uint32_t weight = std::max(neighbours.all()[i].share, 1u);
            if (!policy_.admit(TaskId{i}, {.weight = weight}, env.now())) {
                env.panic("the scheduler refuses a share");
            }
        }
    }

    // Hands out slices until the Instant `end`.
    void govern(Instant end) {
        for (Instant now = env_.now(); now < end; now = env_.now()) {
            wake_those_who_woke(now);
            const Choice choice = policy_.pick(now);
            if (choice.task == no_task) {
                static_cast<void>(calls::park(Instant{now.value + pause_ns}));
            } else {
                run(choice.task);
            }
        }
    }

private:
    static constexpr std::uint64_t pause_ns = 50'000;  // while nobody can run

    Neighbour& neighbour(TaskId task) {
        return neighbours_.all()[libos::sched::position(task)];
    }
    EnvState state(TaskId task) {
        const volatile auto& info = env_.info().env(neighbour(task).child.id);
        return info.state;
    }

    void wake_those_who_woke(Instant now) {
        for (std::uint32_t i = 0; i < neighbours_.all().size(); ++i) {
            if (awake_[i] || state(TaskId{i}) != EnvState::runnable) continue;
            awake_[i] = true;
            policy_.wake(TaskId{i}, {}, now);
        }
    }

    void run(TaskId task) {
        const std::uint64_t before = neighbours_.time_ns(neighbour(task));
        static_cast<void>(calls::yield(neighbour(task).child.env));
        const Nanoseconds ran{neighbours_.time_ns(neighbour(task)) - before};
        const bool more = state(task) == EnvState::runnable;
        awake_[libos::sched::position(task)] = more;
        policy_.stop(task, ran, more ? Stop::preempted : Stop::blocked, env_.now());
    }

    Environment& env_;
    Neighbours& neighbours_;
    S policy_;
    bool awake_[kernel::abi::cell_envs_max] = {};
};

int run(Environment& env) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    Neighbours neighbours{env};
    neighbours.start(static_cast<std::uint32_t>(number("limit")));
    const Nanoseconds slice{number("slice_us") * 1000};
    const libos::sched::Config config{
        .tasks = static_cast<std::uint32_t>(neighbours.all().size()),
        .quantum = slice,
        .seed = env.start().seed};
    scenarios::programs::own_all_time(env, slice);
    libos::sched::with_scheduler(env.arguments().text("scheduler"), [&](auto scheduler) {
        using S = typename decltype(scheduler)::type;
        const auto memory = env.heap().array<std::byte>(S::bytes(config));
        if (memory.empty()) env.panic("no memory for the scheduler");
        kernel::base::Arena arena{memory};
        Governor<S> governor{env, neighbours, arena, config};
        Instant begun = env.now();
        for (std::uint64_t window = 0; window < number("windows"); ++window) {
            governor.govern(Instant{begun.value + number("window_ms") * 1'000'000});
            const Instant now = env.now();
            neighbours.report(window, now.value - begun.value, neighbours.shares());
            begun = now;
        }
    });
    env.must(calls::cap_revoke(kernel::abi::slot_cycle), "giving the core's time back");
    return neighbours.finish() ? 0 : 1;
}

}  // namespace

CHITIN_PROGRAM(governor, "Hands out the core's time by a CPU scheduler of libos/sched.", parameters,
               run)

// realtime: periodic tasks under a real-time scheduler, run tick by tick from the synchronous
// release, the worst instant there is.
//
// A scheduler environment owns all of the core's time in slices of one tick. Each task is an
// environment (this program again) that computes its worst case and parks; the scheduler wakes it
// at each release, asks the policy who runs each tick, and yields the tick to it.
//
// It reports each task's first response (the worst, under fixed priorities: Joseph and Pandya,
// The Computer Journal 29(5), 1986), or 0 where that misses its deadline, and whether any job did
// before the core first idled (EDF: Baruah, Rosier and Howell, Real-Time Systems 2(4), 1990).
// A greedy neighbour may run beside them: it declares a computation and a period and then computes
// without end. Only a policy that enforces what was declared (cbs) keeps the others from missing.
//
// Meant for a cost profile of zeros: then a tick is a tick.
#include "libos/sched/list.hpp"
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"
#include "scenarios/programs/whole_core.hpp"

namespace {

using kernel::abi::EnvState;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::sched::no_task;
using libos::sched::Stop;
using libos::sched::TaskId;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"tasks", ParameterKind::text, "2,5,5 4,7,7",
     "computation,period,deadline in ticks, a space between two tasks"},
    {"scheduler", ParameterKind::choice, "dm", "who runs next", 0, 0, "dm rm edf cbs"},
    {"greedy", ParameterKind::text, "none",
     "computation,period of a neighbour that never ends its job"},
    {"tick_us", ParameterKind::integer, "100", "virtual us of a tick", 1, 1'000'000},
    {"ticks_least", ParameterKind::integer, "0", "goes on for so many, whatever is settled", 0,
     1'000'000'000},
    {"ticks_most", ParameterKind::integer, "1000000", "ends after so many, whatever is open", 1,
     1'000'000'000},
};

constexpr std::uint32_t tasks_max = 16;

struct Task {
    std::uint64_t computation, period, deadline;  // ticks
    Child child;
    std::uint64_t next_release = 0;  // ticks
    std::uint64_t released = 0;      // jobs
    std::uint64_t done = 0;
    std::uint64_t left = 0;          // ticks of the job that it is at
    std::uint64_t first_response = 0;
    bool missed_first = false;
    bool missed = false;
    bool greedy = false;

    bool open() const { return done < released; }
    std::uint64_t job_released() const { return done * period; }
};

// "C,T,D C,T,D ...": how many; 0: not of that form.
std::uint32_t read_tasks(std::string_view text, std::span<Task> tasks) {
    std::uint32_t count = 0;
    while (!text.empty()) {
        if (count == tasks.size()) return 0;
        std::uint64_t numbers[3] = {};
        for (unsigned i = 0; i < 3; ++i) {
            const auto read = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
            if (read.ec != std::errc{} || numbers[i] == 0) return 0;
            text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
            const char expected = i < 2 ? ',' : ' ';
            if (text.empty() ? i < 2 : text.front() != expected) return 0;
            if (!text.empty()) text.remove_prefix(1);
        }
        tasks[count++] = {.computation = numbers[0], .period = numbers[1], .deadline = numbers[2],
                          .child = {}};
    }
    return count;
}

// "C,T": the neighbour that declares them. False: not of that form.
bool read_greedy(std::string_view text, Task& task) {
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, task.computation);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ',') return false;
    const auto second = std::from_chars(first.ptr + 1, end, task.period);
    task.deadline = task.period;
    task.greedy = true;
    return second.ec == std::errc{} && second.ptr == end && task.computation != 0 &&
           task.computation <= task.period;
}

template <libos::sched::Scheduler S>
class RealTime {
public:
    RealTime(Environment& env, std::span<Task> tasks, Nanoseconds tick,
             kernel::base::Arena& arena, const libos::sched::Config& config)
        : env_{env}, tasks_{tasks}, tick_{tick.value}, policy_{arena, config},
          begun_{env.now()} {
        for (std::uint32_t i = 0; i < tasks.size(); ++i) {
            const libos::sched::Demand demand{.period = ticks(tasks[i].period),
                                              .deadline = ticks(tasks[i].deadline),
                                              .budget = ticks(tasks[i].computation)};
            if (!policy_.admit(TaskId{i}, demand, begun_)) env.panic("a task is refused");
        }
    }

    // Until every task's first job is done or late, and no job is open or one is late.
    void run(std::uint64_t ticks_least, std::uint64_t ticks_most) {
        for (std::uint64_t now = 0; now < ticks_most; ++now) {
            if (now >= ticks_least && settled()) return;
            look_at_deadlines(now);
            if (now > 0 && !any_open()) idled_ = true;
            release(now);
            run_tick(now);
        }
    }

    bool missed() const { return missed_; }

private:
    Nanoseconds ticks(std::uint64_t count) const { return Nanoseconds{count * tick_}; }
    Instant at(std::uint64_t tick) const { return Instant{begun_.value + tick * tick_}; }

    bool any_open() const {
        for (const Task& task : tasks_) {
            if (task.open() && !task.greedy) return true;
        }
        return false;
    }
    bool settled() const {
        for (const Task& task : tasks_) {
            if (task.done == 0 && !task.missed_first && !task.greedy) return false;
        }
        return idled_ || missed_;
    }

    void look_at_deadlines(std::uint64_t now) {
        for (Task& task : tasks_) {
            if (!task.open() || task.greedy) continue;
            if (now < task.job_released() + task.deadline) continue;
            missed_ = true;
            task.missed = true;
            if (task.done == 0) task.missed_first = true;
        }
    }

    void release(std::uint64_t now) {
        for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
            Task& task = tasks_[i];
            if (now != task.next_release) continue;
            task.next_release = task.greedy ? ~std::uint64_t{0} : now + task.period;
            if (!task.open()) begin_job(TaskId{i}, now);
            ++task.released;
        }
    }

    void begin_job(TaskId id, std::uint64_t now) {
        Task& task = tasks_[libos::sched::position(id)];
        task.left = task.greedy ? ~std::uint64_t{0} : task.computation;
        env_.must(calls::wake(task.child.env), "waking a task");
        policy_.wake(id, {.size = ticks(task.computation), .release = at(task.job_released())},
                     at(now));
    }

    void run_tick(std::uint64_t now) {
        const auto choice = policy_.pick(at(now));
        if (choice.task == no_task) {
            static_cast<void>(calls::park(at(now + 1)));
            return;
        }
        Task& task = tasks_[libos::sched::position(choice.task)];
        env_.must(calls::yield(task.child.env), "yielding to a task");
        if (env_.now() != at(now + 1)) env_.panic("a tick is not a tick: does entering cost?");
        const bool ended = --task.left == 0;
        policy_.stop(choice.task, ticks(1), ended ? Stop::ended : Stop::preempted, at(now + 1));
        if (ended) end_job(choice.task, now + 1);
    }

    void end_job(TaskId id, std::uint64_t now) {
        Task& task = tasks_[libos::sched::position(id)];
        const volatile auto& info = env_.info().env(task.child.id);
        while (info.state != EnvState::parked) {  // it has computed all, and is about to park
            env_.must(calls::yield(task.child.env), "yielding to a task");
        }
        const std::uint64_t response = now - task.job_released();
        if (response > task.deadline) missed_ = task.missed = true;
        if (task.done == 0 && response <= task.deadline) task.first_response = response;
        if (task.done == 0 && response > task.deadline) task.missed_first = true;
        ++task.done;
        if (task.open()) begin_job(id, now);
    }

    Environment& env_;
    std::span<Task> tasks_;
    std::uint64_t tick_;
    S policy_;
    Instant begun_;
    bool idled_ = false;
    bool missed_ = false;
};

// A task's own part: jobs of `span`, one a wake.
int work(Environment& env, Nanoseconds span) {
    for (;;) {
        static_cast<void>(calls::park(kernel::abi::never));
        env.compute(span);
    }
}

void start(Environment& env, std::span<Task> tasks, std::uint64_t tick_ns) {
    for (Task& task : tasks) {
        const std::uint64_t span =
            task.greedy ? ~std::uint64_t{0} : task.computation * tick_ns;
        task.child = env.must(libos::rt::spawn(env, {.program = "realtime",
                                                     .limit_frames = 128,
                                                     .argument = span}),
                              "starting a task");
    }
    for (const Task& task : tasks) {
        const volatile auto& info = env.info().env(task.child.id);
        while (info.state != EnvState::parked) {
            if (libos::rt::ended(env, task.child)) env.panic("a task has ended by itself");
            static_cast<void>(calls::yield());
        }
    }
}

// From the begin of a turn on: ticks and turns are the same.
void own_all_time(Environment& env, Nanoseconds tick) {
    scenarios::programs::own_all_time(env, tick);
    static_cast<void>(calls::yield());
    static_cast<void>(calls::park(Instant{env.info().cycle().turn_end_ns}));
}

void report(Environment& env, std::span<const Task> tasks, std::string_view scheduler,
            bool missed) {
    for (std::uint32_t i = 0; i < tasks.size(); ++i) {
        if (tasks[i].greedy) continue;
        libos::rt::JsonLine line;
        line.add("scheduler", scheduler)
            .add("task", i)
            .add("first_response", tasks[i].first_response)
            .add("jobs", tasks[i].done)
            .add("missed", tasks[i].missed ? 1 : 0)
            .add("set_missed", missed ? 1 : 0);
        env.report(line);
    }
}

int run(Environment& env) {
    if (env.start().argument != 0) return work(env, Nanoseconds{env.start().argument});
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    Task all[tasks_max] = {};
    std::uint32_t count = read_tasks(env.arguments().text("tasks"), {all, tasks_max - 1});
    if (count == 0) env.panic("tasks: expected up to 15 of C,T,D, a space between two");
    if (const auto greedy = env.arguments().text("greedy"); greedy != "none") {
        if (!read_greedy(greedy, all[count])) env.panic("greedy: expected C,T");
        ++count;
    }
    const std::span<Task> tasks{all, count};
    const Nanoseconds tick{number("tick_us") * 1000};
    start(env, tasks, tick.value);
    own_all_time(env, tick);
    const libos::sched::Config config{.tasks = count, .quantum = tick};
    const auto scheduler = env.arguments().text("scheduler");
    libos::sched::with_scheduler(scheduler, [&](auto found) {
        using S = typename decltype(found)::type;
        const auto memory = env.heap().array<std::byte>(S::bytes(config));
        if (memory.empty()) env.panic("no memory for the scheduler");
        kernel::base::Arena arena{memory};
        RealTime<S> machine{env, tasks, tick, arena, config};
        machine.run(number("ticks_least"), number("ticks_most"));
        report(env, tasks, scheduler, machine.missed());
    });
    for (const Task& task : tasks) libos::rt::destroy(env, task.child);
    return 0;
}

}  // namespace

CHITIN_PROGRAM(realtime, "Runs periodic tasks under a real-time scheduler, tick by tick.",
               parameters, run)

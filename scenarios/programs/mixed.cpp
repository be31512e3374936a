// mixed: a libOS that schedules threads of its own, by a policy of its own, in the slices it has.
//
// Batch threads work as long as there is time; periodic ones have a job each period, which is
// late where it is not done before the next one is due. Several of these share a core (or four:
// scenarios/mixed.toml), each with another policy, and none may feel what the others do.
#include "libos/rt/program.hpp"
#include "libos/sched/list.hpp"
#include "libos/thread/threads_impl.hpp"
#include "scenarios/programs/scheduler_choices.hpp"

namespace {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::sched::Demand;
using libos::sched::TaskId;

constexpr libos::rt::Parameter parameters[] = {
    {"scheduler", ParameterKind::choice, "round-robin", "of its threads", 0, 0,
     scenarios::programs::scheduler_choices},
    {"share", ParameterKind::integer, "1", "positions of the cycle that are its own", 0, 32},
    {"threads", ParameterKind::integer, "3", "how many; the n-th has weight n", 1, 16},
    {"period_us", ParameterKind::integer, "0", "of each thread's jobs; 0: no jobs, one long work",
     0, 1'000'000},
    {"work_us", ParameterKind::integer, "50", "virtual us of one job, or of one piece", 1,
     1'000'000},
    {"run_ms", ParameterKind::integer, "100", "virtual ms of machine time until it is done", 1,
     1'000'000},
};

constexpr std::uint32_t threads_max = 16;

template <class S>
class Mix {
public:
    explicit Mix(Environment& env)
        : env_{env},
          count_{static_cast<std::uint32_t>(number("threads"))},
          period_{number("period_us") * 1000},
          work_{number("work_us") * 1000},
          end_{number("run_ms") * 1'000'000},
          threads_{env, {.threads = count_ + 1, .quantum = Nanoseconds{100'000}}} {}

    void run() {
        for (std::uint32_t i = 0; i < count_; ++i) {
            Demand demand{.weight = i + 1, .priority = i};
            if (period_.value > 0) {
                demand.period = period_;
                demand.budget = work_;
            }
            flows_[i].mix = this;
            env_.must(threads_.create({.name = "flow",
                                       .entry = flow,
                                       .argument = &flows_[i],
                                       .demand = demand,
                                       .job = {.size = work_, .release = env_.now()}}),
                      "a thread");
        }
        for (std::uint32_t i = 0; i < count_; ++i) threads_.join(TaskId{i + 1});
        report();
    }

private:
    struct Flow {
        Mix* mix;
        std::uint64_t done = 0;
        std::uint64_t late = 0;
    };

    std::uint64_t number(std::string_view name) const {
        return static_cast<std::uint64_t>(env_.arguments().integer(name));
    }

    static void flow(void* argument) {
        Flow& own = *static_cast<Flow*>(argument);
        own.mix->period_.value > 0 ? own.mix->jobs(own) : own.mix->batch(own);
    }
    void batch(Flow& own) {
        for (; env_.now() < end_; ++own.done) threads_.work(work_);
    }
    void jobs(Flow& own) {
        for (Instant release = env_.now(); release < end_; ++own.done) {
            threads_.work(work_);
            const Instant next{release.value + period_.value};
            if (env_.now() > next) ++own.late;
            release = next;
            threads_.end_job_until(release, {.size = work_, .release = release});
        }
    }

    void report() {
        std::uint64_t done = 0;
        std::uint64_t late = 0;
        std::uint64_t first = flows_[0].done;
        for (std::uint32_t i = 0; i < count_; ++i) {
            done += flows_[i].done;
            late += flows_[i].late;
        }
        libos::rt::JsonLine line;
        line.add("scheduler", S::name)
            .add("pieces", done)
            .add("late", late)
            .add("last_to_first_%", first == 0 ? 0 : 100 * flows_[count_ - 1].done / first)
            .add("switches", threads_.switches());
        env_.report(line);
    }

    Environment& env_;
    std::uint32_t count_;
    Nanoseconds period_;
    Nanoseconds work_;
    Instant end_;
    libos::thread::Threads<S> threads_;
    Flow flows_[threads_max] = {};
};

int run(Environment& env) {
    libos::sched::with_scheduler(env.arguments().text("scheduler"), [&env](auto scheduler) {
        using S = typename decltype(scheduler)::type;
        Mix<S>{env}.run();
    });
    return 0;
}

}  // namespace

CHITIN_PROGRAM(mixed, "Schedules its own threads in the slices it is given.", parameters, run)

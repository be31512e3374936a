// threads: the thread runtime, checked from inside, under any scheduler.
//
// Each check says which of its statements did not hold. Part `deadlock` ends in the report of one,
// `overflow` in the guard page below a thread's stack. Part `slices` is for an environment that
// shares its core with others: the end of its slice pre-empts its threads.
#include "libos/rt/program.hpp"
#include "libos/sched/list.hpp"
#include "scenarios/programs/scheduler_choices.hpp"
#include "scenarios/programs/thread_checks.hpp"

namespace {

using libos::rt::Environment;
using libos::rt::ParameterKind;

constexpr libos::rt::Parameter parameters[] = {
    {"scheduler", ParameterKind::choice, "round-robin", "of the threads", 0, 0,
     scenarios::programs::scheduler_choices},
    {"part", ParameterKind::choice, "all", "which checks", 0, 0, "all slices deadlock overflow"},
};

int run(Environment& env) {
    int code = 0;
    libos::sched::with_scheduler(env.arguments().text("scheduler"), [&](auto scheduler) {
        using S = typename decltype(scheduler)::type;
        code = scenarios::programs::check_threads<S>(env, env.arguments().text("part"));
    });
    return code;
}

}  // namespace

CHITIN_PROGRAM(threads, "Checks the thread runtime from inside.", parameters, run)

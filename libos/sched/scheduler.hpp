#pragma once

/// The CPU scheduling family: which runnable task runs next, and for how long.
///
/// Why one concept: a thread runtime schedules the threads of one environment, a scheduler
/// environment hands out slices to other environments, and a test replays a queueing model. A
/// policy that keeps this contract serves all three unchanged, and hierarchies are a task of one
/// scheduler that runs the tasks of another.
///
/// Why dense ids: as in libos/policy: every per-task fact is an array element; no allocation.
///
/// What the caller promises (policies assert it where that is cheap):
///  - every TaskId is below Config::tasks, except no_task where it is named;
///  - admit(t) before anything else of t; leave(t) ends that, and only while t is not runnable;
///  - wake(t) only while t is admitted and not runnable: it becomes runnable;
///  - pick() takes one runnable task that does not run yet and makes it running. Several may be
///    running at once, one a core;
///  - stop(t) only while t runs: `ran` is what it ran since pick(); afterwards it is runnable
///    (Stop::preempted, Stop::yielded) or not (Stop::blocked, Stop::ended);
///  - `now` never goes back.
///
/// What the policy promises: it is a function of (Config, the calls so far) alone; pick() answers
/// no_task only when nothing is runnable or when every runnable task must wait (a server without
/// budget): then Choice::span says until when. Costs are what its own header says.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "kernel/abi/types.hpp"
#include "kernel/base/arena.hpp"
#include "kernel/base/assert.hpp"

namespace libos::sched {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;

/// A task's dense number, below Config::tasks.
enum class TaskId : std::uint32_t {};

inline constexpr TaskId no_task{std::numeric_limits<std::uint32_t>::max()};

[[nodiscard]] constexpr std::uint32_t position(TaskId task) {
    return static_cast<std::uint32_t>(task);
}

/// A span without end: run until something happens.
inline constexpr Nanoseconds unbounded{std::numeric_limits<std::uint64_t>::max()};

struct Config {
    std::uint32_t tasks;           ///< the universe: every id is below it; less than no_task
    std::uint32_t cores = 1;       ///< how many tasks may run at once
    Nanoseconds quantum{100'000};  ///< of the policies that have one; not 0
    std::uint64_t seed = 0;        ///< of the policy's own random stream, where it has one
};

/// What a task asks for. Each policy reads the fields that its header names.
struct Demand {
    std::uint32_t weight = 1;    ///< share, in proportion to the others'; 1..2^20
    std::uint32_t priority = 0;  ///< higher runs first
    std::uint32_t gang = 0;      ///< tasks of one gang run together; 0: none
    Nanoseconds period{0};       ///< least distance of two jobs; 0: not periodic
    Nanoseconds deadline{0};     ///< relative to the job's release; 0: the period
    Nanoseconds budget{0};       ///< at most so much a period (worst case, or a server's)
};

/// What is known of the job that a wake() begins.
struct Job {
    Nanoseconds size{0};  ///< how long it will run, where that is known; 0: not known
    Instant release{0};   ///< when it was due to begin; 0: now
};

enum class Stop : std::uint8_t {
    preempted,  ///< its span was used up, or something better came
    yielded,    ///< it wants others to run first
    blocked,    ///< its job goes on after the next wake(): not a new job
    ended,      ///< its job is done; the next wake() begins another
};

struct Choice {
    TaskId task;       ///< no_task: nothing may run for `span`
    Nanoseconds span;  ///< at most this long without asking again
};

template <typename S>
concept Scheduler =
    std::constructible_from<S, kernel::base::Arena&, const Config&> &&
    requires(S policy, const S& constant, const Config& config, TaskId task, Instant now,
             const Demand& demand, const Job& job, Nanoseconds ran, Stop why) {
        { S::name } -> std::convertible_to<std::string_view>;
        { S::summary } -> std::convertible_to<std::string_view>;
        { S::paper } -> std::convertible_to<std::string_view>;
        { S::bytes(config) } -> std::same_as<std::size_t>;  ///< of arena the constructor takes
        { policy.admit(task, demand, now) } -> std::same_as<bool>;  ///< false: cannot be promised
        { policy.leave(task, now) } -> std::same_as<void>;
        { policy.wake(task, job, now) } -> std::same_as<void>;
        { policy.pick(now) } -> std::same_as<Choice>;
        { policy.stop(task, ran, why, now) } -> std::same_as<void>;
        /// Should a runnable task that does not run displace `running` at once? `ran`: so far.
        { constant.preempts(task, ran, now) } -> std::same_as<bool>;
        /// `waiter` needs what `holder` has (priority inheritance); no_task holder: no longer.
        { policy.inherit(task, task, now) } -> std::same_as<void>;
    };

}  // namespace libos::sched

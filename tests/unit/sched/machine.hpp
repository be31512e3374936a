#pragma once

/// A machine for tests: cores, tasks with work to do, and a scheduler between them, run by
/// discrete events with switches that cost nothing.
///
/// Why: queueing theory and response-time analysis speak of such a machine, so a scheduler on it
/// must give their numbers, and differences are the scheduler's.
///
/// Order at one instant: tasks whose work or span ends stop, in order of cores; then the world's
/// events happen (releases, arrivals); then idle cores pick; then running tasks may be displaced.
///
/// A World has next(): when its next event is, or `never`; happen(machine): that event;
/// done(machine, task): the task's work is done (it may begin anew at once).

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "libos/sched/scheduler.hpp"

namespace tests::sched {

using namespace libos::sched;

inline constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::uint64_t endless = std::uint64_t{1} << 60;  ///< work without an end

template <typename S>
struct Owned {
    explicit Owned(const Config& config)
        : memory(S::bytes(config)), arena{memory}, policy{arena, config} {}

    std::vector<std::byte> memory;
    kernel::base::Arena arena;
    S policy;
};

template <typename S>
class Machine {
public:
    explicit Machine(const Config& config)
        : owned_{config}, cores_(config.cores), left_(config.tasks), served_(config.tasks) {}

    [[nodiscard]] S& policy() { return owned_.policy; }
    [[nodiscard]] std::uint64_t now() const { return now_; }

    bool admit(std::uint32_t task, const Demand& demand = {}) {
        return policy().admit(TaskId{task}, demand, Instant{now_});
    }

    /// `task` has `work` to do, released at `release`. Its size is told.
    void begin(std::uint32_t task, std::uint64_t work, std::uint64_t release) {
        left_[task] = work;
        const Nanoseconds size{work >= endless ? 0 : work};
        policy().wake(TaskId{task}, {.size = size, .release = Instant{release}}, Instant{now_});
    }

    void begin(std::uint32_t task, std::uint64_t work) { begin(task, work, now_); }

    /// Stop `task`, which runs, as blocked; it has its work left for resume().
    void block(std::uint32_t task) {
        for (Core& core : cores_) {
            if (core.task == TaskId{task}) stop(core, Stop::blocked);
        }
    }

    void resume(std::uint32_t task) { policy().wake(TaskId{task}, {}, Instant{now_}); }

    [[nodiscard]] bool runs(std::uint32_t task) const {
        return std::ranges::any_of(cores_, [&](auto& core) { return core.task == TaskId{task}; });
    }

    /// What `task` ran until now, in all.
    [[nodiscard]] std::uint64_t served(std::uint32_t task) const {
        std::uint64_t sum = served_[task];
        for (const Core& core : cores_) {
            if (core.task == TaskId{task}) sum += now_ - core.since;
        }
        return sum;
    }

    /// Until `end`, its own events included. After that fill() has been called.
    template <typename World>
    void run(World& world, std::uint64_t end) {
        fill();
        while (true) {
            const std::uint64_t at = next(world);
            if (at > end) break;
            now_ = at;
            for (Core& core : cores_) {
                if (core.end <= now_) expire(core, world);
            }
            while (world.next() <= now_) world.happen(*this);
            fill();
        }
        now_ = std::max(now_, end);
    }

    /// Idle cores pick; then what should be displaced is.
    void fill() {
        for (Core& core : cores_) {
            if (core.task == no_task) pick(core);
        }
        for (Core& core : cores_) {
            if (core.task == no_task) continue;
            if (!policy().preempts(core.task, Nanoseconds{now_ - core.since}, Instant{now_})) {
                continue;
            }
            stop(core, Stop::preempted);
            pick(core);
        }
    }

private:
    struct Core {
        TaskId task = no_task;
        std::uint64_t since = 0;
        std::uint64_t end = never;
    };

    template <typename World>
    [[nodiscard]] std::uint64_t next(const World& world) const {
        std::uint64_t at = world.next();
        for (const Core& core : cores_) at = std::min(at, core.end);
        return at;
    }

    void pick(Core& core) {
        const Choice choice = policy().pick(Instant{now_});
        core = {choice.task, now_, never};
        std::uint64_t span = choice.span.value;
        if (choice.task != no_task) span = std::min(span, left_[position(choice.task)]);
        if (span < never - now_) core.end = now_ + span;
    }

    void stop(Core& core, Stop why) {
        const std::uint64_t ran = now_ - core.since;
        left_[position(core.task)] -= ran;
        served_[position(core.task)] += ran;
        policy().stop(core.task, Nanoseconds{ran}, why, Instant{now_});
        core = {};
    }

    template <typename World>
    void expire(Core& core, World& world) {
        const TaskId task = core.task;
        if (task == no_task) {
            core = {};
            return;
        }
        const bool done = left_[position(task)] == now_ - core.since;
        stop(core, done ? Stop::ended : Stop::preempted);
        if (done) world.done(*this, position(task));
    }

    Owned<S> owned_;
    std::vector<Core> cores_;
    std::vector<std::uint64_t> left_;
    std::vector<std::uint64_t> served_;
    std::uint64_t now_ = 0;
};

/// A world in which nothing happens: work is done, or never ends.
struct Still {
    [[nodiscard]] std::uint64_t next() const { return never; }
    void happen(auto&) {}
    void done(auto&, std::uint32_t) {}
};

}  // namespace tests::sched

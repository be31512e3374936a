#pragma once

/// FIFO: the task that became runnable first runs until it blocks or ends.
///
/// Why: no switch that is not needed, and the least slowdown there is when jobs are alike. One
/// long job delays all behind it.
///
/// Source: A. K. Erlang, "The theory of probabilities and telephone conversations", 1909; as
/// first come, first served in L. Kleinrock, "Queueing Systems 2: Computer Applications", 1976,
/// section 4.2. A task that its caller preempts is the first to go on. Reads nothing of Demand
/// and Job. O(1) each.

#include "libos/sched/task_queue.hpp"

namespace libos::sched {

class Fifo {
public:
    static constexpr std::string_view name = "fifo";
    static constexpr std::string_view summary = "run in order of arrival, each to its end";
    static constexpr std::string_view paper = "Erlang 1909; Kleinrock 1976";

    static constexpr std::size_t bytes(const Config& config) {
        return TaskLinks::bytes(config.tasks);
    }

    Fifo(kernel::base::Arena& arena, const Config& config) : links_{arena, config.tasks} {}

    bool admit(TaskId, const Demand&, Instant) { return true; }
    void leave(TaskId, Instant) {}
    void wake(TaskId task, const Job&, Instant) { links_.push_back(ready_, task); }

    Choice pick(Instant) {
        if (ready_.empty()) return {no_task, unbounded};
        return {links_.pop_front(ready_), unbounded};
    }

    void stop(TaskId task, Nanoseconds, Stop why, Instant) {
        if (why == Stop::preempted) links_.push_front(ready_, task);
        if (why == Stop::yielded) links_.push_back(ready_, task);
    }

    [[nodiscard]] bool preempts(TaskId, Nanoseconds, Instant) const { return false; }
    void inherit(TaskId, TaskId, Instant) {}

private:
    TaskLinks links_;
    TaskQueue ready_;
};

}  // namespace libos::sched

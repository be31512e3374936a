#pragma once

/// The rotation: tasks in a ring, each with a turn of its own length. What round robin and
/// processor sharing share.
///
/// Invariant: turns[t] is what is left of t's turn; 0 where its next one has not begun. A task
/// stopped within its turn keeps its place and the rest; one that used it up, or yields, goes to
/// the back. A task that wakes has a whole turn, at the back. O(1) each.

#include <span>

#include "libos/sched/task_queue.hpp"
#include "libos/sched/time.hpp"

namespace libos::sched {

class Rotation {
public:
    static constexpr std::size_t bytes(const Config& config) {
        return TaskLinks::bytes(config.tasks) +
               kernel::base::Arena::room<Nanoseconds>(config.tasks);
    }

    Rotation(kernel::base::Arena& arena, const Config& config)
        : links_{arena, config.tasks}, turns_{arena.take<Nanoseconds>(config.tasks)} {
        CHITIN_ASSERT(config.quantum > Nanoseconds{0});
    }

    bool admit(TaskId, const Demand&, Instant) { return true; }
    void leave(TaskId, Instant) {}

    void wake(TaskId task, const Job&, Instant) {
        turns_[position(task)] = Nanoseconds{0};
        links_.push_back(ready_, task);
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds ran, Instant) const {
        return !ready_.empty() && used_up(turns_[position(running)], ran);
    }

    void inherit(TaskId, TaskId, Instant) {}

protected:
    /// The first of the ring, for a turn of `whole` unless it has the rest of one.
    Choice next(Nanoseconds whole) {
        if (ready_.empty()) return {no_task, unbounded};
        const TaskId task = links_.pop_front(ready_);
        Nanoseconds& turn = turns_[position(task)];
        if (turn == Nanoseconds{0}) turn = whole;
        return {task, turn};
    }

    void put_back(TaskId task, Nanoseconds ran, Stop why) {
        Nanoseconds& turn = turns_[position(task)];
        turn = why == Stop::preempted ? less(turn, ran) : Nanoseconds{0};
        if (why == Stop::yielded || (why == Stop::preempted && turn == Nanoseconds{0})) {
            links_.push_back(ready_, task);
        } else if (why == Stop::preempted) {
            links_.push_front(ready_, task);
        }
    }

private:
    TaskLinks links_;
    TaskQueue ready_;
    std::span<Nanoseconds> turns_;
};

}  // namespace libos::sched

#pragma once

/// The ranked run queue: what the policies share that run the task of least rank, always.
///
/// Why: fixed priorities, rate- and deadline-monotonic and earliest deadline first differ only in
/// the number that ranks a task. Here lie the heap, preemption and inheritance: while somebody
/// waits for a task, it has the best of its own rank and the ranks of all who wait for it,
/// directly or not.
///
/// Invariants: the heap holds the tasks that are runnable and do not run, each at its effective
/// rank; effective rank = min(own, effective ranks of the waiters).
///
/// Source: inheritance is the basic protocol of L. Sha, R. Rajkumar and J. P. Lehoczky, "Priority
/// inheritance protocols: an approach to real-time synchronization", IEEE Transactions on
/// Computers 39(9), 1990, section III. O(log tasks) each; inherit and a change of rank cost
/// O(waiters + log tasks) for each task on the path of holders.

#include <algorithm>
#include <compare>
#include <cstdint>
#include <span>

#include "libos/sched/task_heap.hpp"
#include "libos/sched/wait_forest.hpp"

namespace libos::sched {

/// Less goes first. `minor` breaks ties: an arrival's sequence number, or the task's number.
struct Rank {
    std::uint64_t major = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t minor = std::numeric_limits<std::uint64_t>::max();

    friend constexpr auto operator<=>(const Rank&, const Rank&) = default;
};

class Ranked {
public:
    static constexpr std::size_t bytes(const Config& config) {
        return TaskHeap<Rank>::bytes(config.tasks) + WaitForest::bytes(config.tasks) +
               kernel::base::Arena::room<Standing>(config.tasks);
    }

    Ranked(kernel::base::Arena& arena, const Config& config)
        : ready_{arena, config.tasks},
          waits_{arena, config.tasks},
          standings_{arena.take<Standing>(config.tasks)} {}

    void leave(TaskId task, Instant) {
        CHITIN_ASSERT(!ready_.contains(task));
        inherit(task, no_task, {});
        while (waits_.first_waiter(task) != no_task) waits_.part(waits_.first_waiter(task));
        standing(task) = {};
    }

    Choice pick(Instant) {
        if (ready_.empty()) return {no_task, unbounded};
        return {ready_.pop(), unbounded};
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds, Instant) const {
        return !ready_.empty() && ready_.top_key() < standing(running).effective;
    }

    void inherit(TaskId waiter, TaskId holder, Instant) {
        if (const TaskId before = waits_.part(waiter); before != no_task) refresh(before);
        if (holder != no_task && waits_.join(waiter, holder)) refresh(holder);
    }

protected:
    /// The rank of `task` itself, from now on.
    void rank(TaskId task, Rank own) {
        standing(task).own = own;
        refresh(task);
    }

    [[nodiscard]] Rank own_rank(TaskId task) const { return standing(task).own; }

    void enter(TaskId task) { ready_.push(task, standing(task).effective); }

    [[nodiscard]] std::uint64_t next_sequence() { return sequence_++; }

private:
    struct Standing {
        Rank own{};
        Rank effective{};
    };

    [[nodiscard]] Standing& standing(TaskId task) { return standings_[position(task)]; }
    [[nodiscard]] const Standing& standing(TaskId task) const {
        return standings_[position(task)];
    }

    [[nodiscard]] Rank best(TaskId task) const {
        Rank least = standing(task).own;
        for (TaskId waiter = waits_.first_waiter(task); waiter != no_task;
             waiter = waits_.next_waiter(waiter)) {
            least = std::min(least, standing(waiter).effective);
        }
        return least;
    }

    /// Pass a change on, from `task` towards the root, as far as it changes anything.
    void refresh(TaskId task) {
        for (; task != no_task; task = waits_.holder(task)) {
            const Rank effective = best(task);
            if (effective == standing(task).effective) return;
            standing(task).effective = effective;
            if (ready_.contains(task)) ready_.change(task, effective);
        }
    }

    TaskHeap<Rank> ready_;
    WaitForest waits_;
    std::span<Standing> standings_;
    std::uint64_t sequence_ = 0;
};

}  // namespace libos::sched

#pragma once

/// The wait forest: which task waits for what another one holds.
///
/// Why: priority inheritance and ticket transfers follow these edges. A task waits for one holder
/// at most, so the edges form trees, and a change is passed on along one path to the root.
///
///     holder <- waiter <- waiter's waiter        waiters of one holder: a linked list
///
/// Invariant: no cycle. An edge that would close one is refused: its tasks wait for each other,
/// none of them runs, and whom they would lend to makes no difference.

#include <cstdint>
#include <span>

#include "libos/sched/scheduler.hpp"

namespace libos::sched {

class WaitForest {
public:
    static constexpr std::size_t bytes(std::uint32_t tasks) {
        return kernel::base::Arena::room<Node>(tasks);
    }

    WaitForest(kernel::base::Arena& arena, std::uint32_t tasks)
        : nodes_{arena.take<Node>(tasks)} {}

    /// Whom `waiter` waits for, or no_task.
    [[nodiscard]] TaskId holder(TaskId waiter) const { return node(waiter).holder; }
    [[nodiscard]] TaskId first_waiter(TaskId holder) const { return node(holder).first_waiter; }
    [[nodiscard]] TaskId next_waiter(TaskId waiter) const { return node(waiter).later; }

    /// `waiter`, which waits for nobody, waits for `holder`. False: it would wait for itself.
    /// O(length of the path to the root).
    [[nodiscard]] bool join(TaskId waiter, TaskId holder) {
        CHITIN_ASSERT(node(waiter).holder == no_task);
        for (TaskId task = holder; task != no_task; task = node(task).holder) {
            if (task == waiter) return false;
        }
        const TaskId second = node(holder).first_waiter;
        node(waiter).holder = holder;
        node(waiter).earlier = no_task;
        node(waiter).later = second;
        if (second != no_task) node(second).earlier = waiter;
        node(holder).first_waiter = waiter;
        return true;
    }

    /// `waiter` waits for nobody; returns whom it did wait for, or no_task. O(1).
    TaskId part(TaskId waiter) {
        Node& gone = node(waiter);
        const TaskId holder = gone.holder;
        if (holder == no_task) return no_task;
        (gone.earlier == no_task ? node(holder).first_waiter : node(gone.earlier).later) =
            gone.later;
        if (gone.later != no_task) node(gone.later).earlier = gone.earlier;
        gone.holder = no_task;
        return holder;
    }

private:
    struct Node {
        TaskId holder = no_task;
        TaskId first_waiter = no_task;
        TaskId earlier = no_task;  ///< among the waiters of one holder
        TaskId later = no_task;
    };

    [[nodiscard]] Node& node(TaskId task) { return nodes_[position(task)]; }
    [[nodiscard]] const Node& node(TaskId task) const { return nodes_[position(task)]; }

    std::span<Node> nodes_;
};

}  // namespace libos::sched

#pragma once

/// The task queue: tasks in order, linked through one shared array of links.
///
/// Why: many policies are a few queues between which tasks move. A queue is two ends and a count,
/// so that a policy may have thousands of them; the links lie in an array by task.
///
///     front <-> ... <-> back        links[t] = { earlier, later }
///
/// Invariant: a task is on at most one queue over the same links. Which one, is its owner's
/// knowledge. O(1) each.

#include <cstdint>
#include <span>

#include "libos/sched/scheduler.hpp"

namespace libos::sched {

struct TaskQueue {
    TaskId front = no_task;
    TaskId back = no_task;
    std::uint32_t size = 0;

    [[nodiscard]] bool empty() const { return size == 0; }
};

class TaskLinks {
public:
    static constexpr std::size_t bytes(std::uint32_t tasks) {
        return kernel::base::Arena::room<Link>(tasks);
    }

    TaskLinks(kernel::base::Arena& arena, std::uint32_t tasks) : links_{arena.take<Link>(tasks)} {}

    void push_back(TaskQueue& queue, TaskId task) {
        link(task) = {.earlier = queue.back, .later = no_task};
        (queue.empty() ? queue.front : link(queue.back).later) = task;
        queue.back = task;
        ++queue.size;
    }

    void push_front(TaskQueue& queue, TaskId task) {
        link(task) = {.earlier = no_task, .later = queue.front};
        (queue.empty() ? queue.back : link(queue.front).earlier) = task;
        queue.front = task;
        ++queue.size;
    }

    void erase(TaskQueue& queue, TaskId task) {
        CHITIN_ASSERT(!queue.empty());
        const Link gone = link(task);
        (gone.earlier == no_task ? queue.front : link(gone.earlier).later) = gone.later;
        (gone.later == no_task ? queue.back : link(gone.later).earlier) = gone.earlier;
        --queue.size;
    }

    [[nodiscard]] TaskId pop_front(TaskQueue& queue) {
        CHITIN_ASSERT(!queue.empty());
        const TaskId task = queue.front;
        erase(queue, task);
        return task;
    }

    [[nodiscard]] TaskId later(TaskId task) const { return links_[position(task)].later; }

    /// Put all of `last` behind `queue`; `last` is empty afterwards.
    void append(TaskQueue& queue, TaskQueue& last) {
        if (last.empty()) return;
        (queue.empty() ? queue.front : link(queue.back).later) = last.front;
        link(last.front).earlier = queue.back;
        queue.back = last.back;
        queue.size += last.size;
        last = {};
    }

private:
    struct Link {
        TaskId earlier = no_task;
        TaskId later = no_task;
    };

    [[nodiscard]] Link& link(TaskId task) { return links_[position(task)]; }

    std::span<Link> links_;
};

}  // namespace libos::sched

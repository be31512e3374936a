#pragma once

/// Fair: the task with the least virtual runtime runs, for its part of a period in which all run
/// once; one that wakes is at most half a period behind the others.
///
/// Why: shares by weight like stride, and a task that sleeps much runs soon after it wakes, which
/// is what interactive work wants. Its price: a sleeper may have up to half a period more than
/// its share at each wakeup.
///
///     period = 8 quanta      span = max(quantum, period * weight / weights of all runnable)
///
/// Source: P. Goyal, X. Guo and H. M. Vin, "A hierarchical CPU scheduler for multimedia operating
/// systems", OSDI 1996, section 3 (start-time fair queueing: between tasks that stay runnable the
/// service by weight differs by at most span/weight of the one plus span/weight of the other).
/// Spans, the sleeper's credit and displacement follow I. Molnar's CFS (Linux 2.6.23, 2007,
/// Documentation/scheduler/sched-design-CFS): a task displaces another once it is a quantum
/// behind. The floor is the start of the last task picked. Ties by task number. Reads
/// Demand::weight and Config::quantum. O(log tasks) each.

#include <algorithm>
#include <span>

#include "libos/sched/task_heap.hpp"
#include "libos/sched/time.hpp"
#include "libos/sched/virtual_time.hpp"

namespace libos::sched {

class Fair {
public:
    static constexpr std::string_view name = "fair";
    static constexpr std::string_view summary = "run whom virtual runtime says has had least";
    static constexpr std::string_view paper = "Goyal, Guo and Vin OSDI 1996; Molnar 2007";

    static constexpr std::uint64_t period_quanta = 8;

    static constexpr std::size_t bytes(const Config& config) {
        return TaskHeap<VirtualTime>::bytes(config.tasks) +
               kernel::base::Arena::room<Entity>(config.tasks);
    }

    Fair(kernel::base::Arena& arena, const Config& config)
        : ready_{arena, config.tasks},
          entities_{arena.take<Entity>(config.tasks)},
          quantum_{config.quantum} {
        CHITIN_ASSERT(quantum_ > Nanoseconds{0} && quantum_.value < std::uint64_t{1} << 40);
    }

    bool admit(TaskId task, const Demand& demand, Instant) {
        entity(task) = {floor_, Nanoseconds{0}, bounded_weight(demand.weight)};
        return true;
    }

    void leave(TaskId task, Instant) { CHITIN_ASSERT(!ready_.contains(task)); }

    void wake(TaskId task, const Job&, Instant) {
        Entity& woken = entity(task);
        const std::uint64_t credit = virtual_length(period(), woken.weight) / 2;
        woken.runtime = std::max(woken.runtime, floor_ - credit);
        weights_ += woken.weight;
        ready_.push(task, woken.runtime);
    }

    Choice pick(Instant) {
        if (ready_.empty()) return {no_task, unbounded};
        const TaskId task = ready_.pop();
        Entity& picked = entity(task);
        floor_ = std::max(floor_, picked.runtime);
        const std::uint64_t part = scaled(period().value, picked.weight, weights_);
        picked.span = Nanoseconds{std::max(quantum_.value, part)};
        return {task, picked.span};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        Entity& stopped = entity(task);
        stopped.runtime = stopped.runtime + virtual_length(ran, stopped.weight);
        if (why == Stop::preempted || why == Stop::yielded) {
            ready_.push(task, stopped.runtime);
        } else {
            weights_ -= stopped.weight;
        }
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds ran, Instant) const {
        if (ready_.empty()) return false;
        const Entity& at = entities_[position(running)];
        const VirtualTime runtime = at.runtime + virtual_length(ran, at.weight);
        if (used_up(at.span, ran)) return ready_.beats(running, runtime);
        const std::uint64_t weight = entities_[position(ready_.top())].weight;
        return ready_.top_key() + virtual_length(quantum_, weight) < runtime;
    }

    void inherit(TaskId, TaskId, Instant) {}

private:
    struct Entity {
        VirtualTime runtime{};
        Nanoseconds span{0};  ///< given by the last pick()
        std::uint64_t weight = 1;
    };

    [[nodiscard]] Entity& entity(TaskId task) { return entities_[position(task)]; }
    [[nodiscard]] Nanoseconds period() const { return Nanoseconds{quantum_.value * period_quanta}; }

    TaskHeap<VirtualTime> ready_;
    std::span<Entity> entities_;
    Nanoseconds quantum_;
    VirtualTime floor_{};
    std::uint64_t weights_ = 0;  ///< of all runnable tasks, running ones included
};

}  // namespace libos::sched

#pragma once

/// Gang: the tasks of one gang run at the same time, on as many cores as they need; the gangs
/// take turns.
///
/// Why: tasks that wait for each other every few microseconds make progress only together.
///
///     window of one quantum | gang A on its cores | others fill the rest |  then gang B ...
///
/// Source: J. K. Ousterhout, "Scheduling techniques for concurrent systems", 3rd International
/// Conference on Distributed Computing Systems, 1982 (coscheduling, the matrix method with
/// alternate selection). The rows of the matrix are not fixed beforehand: a window belongs to one
/// gang, and cores it does not use go to the next gangs of the ring until it ends, on all cores
/// at one instant. A gang of more tasks than cores runs them in turn. A task of gang 0 is a gang
/// of its own. admit() refuses gang numbers above Config::tasks. Reads Demand::gang and
/// Config::quantum. O(1) each.

#include <cstdint>
#include <span>

#include "libos/sched/task_queue.hpp"
#include "libos/sched/time.hpp"

namespace libos::sched {

class Gang {
public:
    static constexpr std::string_view name = "gang";
    static constexpr std::string_view summary = "run the tasks of a gang at the same time";
    static constexpr std::string_view paper = "Ousterhout ICDCS 1982";

    static constexpr std::size_t bytes(const Config& config) {
        using kernel::base::Arena;
        return TaskLinks::bytes(config.tasks) + TaskLinks::bytes(2 * config.tasks) +
               Arena::room<Crew>(2 * std::size_t{config.tasks}) +
               Arena::room<std::uint32_t>(config.tasks);
    }

    Gang(kernel::base::Arena& arena, const Config& config)
        : links_{arena, config.tasks},
          ring_links_{arena, 2 * config.tasks},
          crews_{arena.take<Crew>(2 * std::size_t{config.tasks})},
          crew_of_{arena.take<std::uint32_t>(config.tasks)},
          quantum_{config.quantum} {
        CHITIN_ASSERT(quantum_ > Nanoseconds{0} && config.tasks < std::uint32_t{1} << 31);
    }

    bool admit(TaskId task, const Demand& demand, Instant) {
        const std::size_t tasks = crew_of_.size();
        if (demand.gang > tasks) return false;
        crew_of_[position(task)] = demand.gang == 0
                                       ? position(task)
                                       : static_cast<std::uint32_t>(tasks + demand.gang - 1);
        return true;
    }

    void leave(TaskId, Instant) {}
    void wake(TaskId task, const Job&, Instant) { enter(task, true); }

    Choice pick(Instant now) {
        if (now >= end_ || current_ == none || crew(current_).idle()) turn(now);
        if (current_ == none) return {no_task, unbounded};
        const bool own = !crew(current_).ready.empty();
        if (!own && ring_.empty()) return {no_task, unbounded};
        const std::uint32_t from = own ? current_ : position(ring_.front);
        const TaskId task = links_.pop_front(crew(from).ready);
        if (!own && crew(from).ready.empty()) out_of_ring(from);
        ++crew(from).running;
        return {task, until(end_, now)};
    }

    void stop(TaskId task, Nanoseconds, Stop why, Instant now) {
        --crew(crew_of_[position(task)]).running;
        if (why == Stop::preempted) enter(task, now >= end_);
        if (why == Stop::yielded) enter(task, true);
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds, Instant now) const {
        const bool own = current_ != none && !crews_[current_].ready.empty();
        if (now >= end_) return own || !ring_.empty();
        return own && crew_of_[position(running)] != current_;
    }

    void inherit(TaskId, TaskId, Instant) {}

private:
    static constexpr std::uint32_t none = position(no_task);

    struct Crew {
        TaskQueue ready;
        std::uint32_t running = 0;
        bool in_ring = false;

        [[nodiscard]] bool idle() const { return ready.empty() && running == 0; }
    };

    [[nodiscard]] Crew& crew(std::uint32_t number) { return crews_[number]; }

    void enter(TaskId task, bool behind) {
        const std::uint32_t number = crew_of_[position(task)];
        if (behind) links_.push_back(crew(number).ready, task);
        else links_.push_front(crew(number).ready, task);
        into_ring(number);
    }

    /// The window of the next gang begins.
    void turn(Instant now) {
        const std::uint32_t last = current_;
        current_ = none;
        if (last != none) into_ring(last);
        if (ring_.empty()) return;
        current_ = position(ring_.front);
        out_of_ring(current_);
        end_ = after(now, quantum_);
    }

    // The ring holds the gangs with a task that could run, but the current one. A gang's number
    // stands where a task's would.
    void into_ring(std::uint32_t number) {
        if (crew(number).in_ring || number == current_ || crew(number).ready.empty()) return;
        crew(number).in_ring = true;
        ring_links_.push_back(ring_, TaskId{number});
    }

    void out_of_ring(std::uint32_t number) {
        crew(number).in_ring = false;
        ring_links_.erase(ring_, TaskId{number});
    }

    TaskLinks links_;
    TaskLinks ring_links_;
    TaskQueue ring_;
    std::span<Crew> crews_;
    std::span<std::uint32_t> crew_of_;
    Nanoseconds quantum_;
    std::uint32_t current_ = none;
    Instant end_{0};  ///< of the current window
};

}  // namespace libos::sched

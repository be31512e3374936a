#pragma once

/// MLFQ: levels of round robin. A task begins on the highest and sinks as it uses its allotments;
/// from time to time all are lifted to the top again.
///
/// Why: short jobs finish on the high levels without anybody telling their size, and long ones
/// switch seldom. An allotment counts over sleeps, so a task cannot stay on top by sleeping just
/// before its end; the lift keeps long jobs from starving, and lets a task that changed its ways
/// rise.
///
///     level 0: allotment quantum      level l: quantum * 2^l      level 7, the last: round robin
///
/// Source: F. J. Corbato, M. Merwin-Daggett and R. C. Daley, "An experimental time-sharing
/// system", AFIPS Spring Joint Computer Conference 1962 (levels, and quanta that double); R. H.
/// and A. C. Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 8, rules 1 to 5 (the
/// allotment over sleeps, the lift). A displaced task goes on first of its level. Reads
/// Config::quantum. O(1) each; a lift costs O(levels), and a task that slept or ran through it
/// finds out by its epoch.

#include <array>
#include <cstdint>
#include <span>

#include "libos/sched/level_map.hpp"
#include "libos/sched/task_queue.hpp"
#include "libos/sched/time.hpp"

namespace libos::sched {

class Mlfq {
public:
    static constexpr std::string_view name = "mlfq";
    static constexpr std::string_view summary = "sink a level for each allotment used; lift all";
    static constexpr std::string_view paper = "Corbato et al. 1962; Arpaci-Dusseau chapter 8";

    static constexpr unsigned levels = 8;
    static constexpr std::uint64_t lift_quanta = 1000;  ///< between two lifts

    static constexpr std::size_t bytes(const Config& config) {
        return TaskLinks::bytes(config.tasks) + kernel::base::Arena::room<Place>(config.tasks);
    }

    Mlfq(kernel::base::Arena& arena, const Config& config)
        : links_{arena, config.tasks},
          places_{arena.take<Place>(config.tasks)},
          quantum_{config.quantum} {
        CHITIN_ASSERT(quantum_ > Nanoseconds{0} && quantum_.value < std::uint64_t{1} << 48);
    }

    bool admit(TaskId task, const Demand&, Instant) {
        places_[position(task)] = {epoch_, 0, Nanoseconds{0}};
        return true;
    }

    void leave(TaskId, Instant) {}

    void wake(TaskId task, const Job&, Instant now) {
        lift_if_due(now);
        settle(task);
        push(task, true);
    }

    Choice pick(Instant now) {
        lift_if_due(now);
        if (map_.empty()) return {no_task, unbounded};
        const unsigned level = map_.first();
        const TaskId task = links_.pop_front(queues_[level]);
        map_.set(level, !queues_[level].empty());
        settle(task);
        return {task, less(allotment(level), place(task).used)};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant now) {
        lift_if_due(now);
        const bool lifted = place(task).epoch != epoch_;
        const bool sunk = lifted || charge(task, ran);
        settle(task);
        if (why == Stop::yielded || why == Stop::preempted) {
            push(task, sunk || why == Stop::yielded);
        }
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds ran, Instant) const {
        if (map_.empty()) return false;
        const Place at = places_[position(running)];
        const unsigned level = at.epoch == epoch_ ? at.level : 0;
        const bool used = used_up(less(allotment(level), at.used), ran);
        return used ? map_.first() <= below(level) : map_.first() < level;
    }

    void inherit(TaskId, TaskId, Instant) {}

    /// On which level `task` is, for tests and displays.
    [[nodiscard]] unsigned level(TaskId task) const {
        const Place at = places_[position(task)];
        return at.epoch == epoch_ ? at.level : 0;
    }

private:
    struct Place {
        std::uint64_t epoch = 0;  ///< of the last lift that the task knows of
        unsigned level = 0;
        Nanoseconds used{0};  ///< of this level's allotment
    };

    [[nodiscard]] Place& place(TaskId task) { return places_[position(task)]; }
    [[nodiscard]] static unsigned below(unsigned level) {
        return level + 1 < levels ? level + 1 : level;
    }
    [[nodiscard]] Nanoseconds allotment(unsigned level) const {
        return Nanoseconds{quantum_.value << level};
    }

    /// Rule 4. Whether the allotment is used up: then the task is one level down.
    bool charge(TaskId task, Nanoseconds ran) {
        Place& at = place(task);
        at.used.value += ran.value;
        if (!used_up(allotment(at.level), at.used)) return false;
        at.level = below(at.level);
        at.used = Nanoseconds{0};
        return true;
    }

    /// Rule 5.
    void lift_if_due(Instant now) {
        if (now < next_lift_) return;
        next_lift_ = after(now, Nanoseconds{quantum_.value * lift_quanta});
        ++epoch_;
        for (unsigned level = 1; level < levels; ++level) {
            links_.append(queues_[0], queues_[level]);
            map_.set(level, false);
        }
        map_.set(0, !queues_[0].empty());
    }

    /// Learn of lifts since.
    void settle(TaskId task) {
        if (place(task).epoch != epoch_) place(task) = {epoch_, 0, Nanoseconds{0}};
    }

    void push(TaskId task, bool behind) {
        TaskQueue& queue = queues_[place(task).level];
        if (behind) links_.push_back(queue, task);
        else links_.push_front(queue, task);
        map_.set(place(task).level, true);
    }

    TaskLinks links_;
    std::array<TaskQueue, levels> queues_{};
    LevelMap map_;
    std::span<Place> places_;
    Nanoseconds quantum_;
    std::uint64_t epoch_ = 0;
    Instant next_lift_{0};
};

}  // namespace libos::sched

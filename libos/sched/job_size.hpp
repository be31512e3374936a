#pragma once

/// The job size: what is known of how long a task's present job still runs. What sjf and srpt
/// share.
///
/// Invariant: left is the hint less what ran; `unknown` where there was no hint, and from when a
/// job has outrun its hint. So a hint that is too small cannot keep a job in front for ever.

#include <span>

#include "libos/sched/time.hpp"

namespace libos::sched {

class JobSizes {
public:
    static constexpr Nanoseconds unknown = unbounded;

    static constexpr std::size_t bytes(const Config& config) {
        return kernel::base::Arena::room<Fact>(config.tasks);
    }

    JobSizes(kernel::base::Arena& arena, const Config& config)
        : facts_{arena.take<Fact>(config.tasks)} {}

    void admit(TaskId task) { facts_[position(task)] = {}; }

    /// A wake(): whether it begins a job.
    bool begin(TaskId task, const Job& job) {
        Fact& fact = facts_[position(task)];
        if (!fact.new_job) return false;
        fact.left = job.size == Nanoseconds{0} ? unknown : job.size;
        fact.new_job = false;
        return true;
    }

    void ran(TaskId task, Nanoseconds span, Stop why) {
        Fact& fact = facts_[position(task)];
        fact.left = left_after(task, span);
        fact.new_job = why == Stop::ended;
    }

    [[nodiscard]] Nanoseconds left_after(TaskId task, Nanoseconds ran) const {
        const Nanoseconds left = facts_[position(task)].left;
        if (left == unknown || used_up(left, ran)) return unknown;
        return less(left, ran);
    }

private:
    struct Fact {
        Nanoseconds left = unknown;
        bool new_job = true;  ///< the next wake() begins one
    };

    std::span<Fact> facts_;
};

}  // namespace libos::sched

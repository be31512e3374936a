#pragma once

/// SJF: of the jobs that wait, the shortest begins, and runs until it blocks or ends.
///
/// Why: the least mean waiting there is without preemption. A long job that has begun still
/// delays all that come meanwhile.
///
/// Source: W. E. Smith, "Various optimizers for single-stage production", Naval Research
/// Logistics Quarterly 3, 1956; with arrivals, T. E. Phipps, "Machine repair as a priority
/// waiting-line problem", Operations Research 4(1), 1956. A job that its caller preempts goes on
/// before all others; one that blocked is ranked by what is left of it. Jobs of unknown size come
/// last; ties in order of arrival. Reads Job::size. O(log tasks) each.

#include "libos/sched/job_size.hpp"
#include "libos/sched/ranked.hpp"

namespace libos::sched {

class Sjf {
public:
    static constexpr std::string_view name = "sjf";
    static constexpr std::string_view summary = "begin the shortest job, and run it to its end";
    static constexpr std::string_view paper = "Smith 1956; Phipps 1956";

    static constexpr std::size_t bytes(const Config& config) {
        return JobSizes::bytes(config) + TaskHeap<Rank>::bytes(config.tasks);
    }

    Sjf(kernel::base::Arena& arena, const Config& config)
        : sizes_{arena, config}, ready_{arena, config.tasks} {}

    bool admit(TaskId task, const Demand&, Instant) {
        sizes_.admit(task);
        return true;
    }

    void leave(TaskId, Instant) {}

    void wake(TaskId task, const Job& job, Instant) {
        sizes_.begin(task, job);
        wait(task);
    }

    Choice pick(Instant) {
        if (ready_.empty()) return {no_task, unbounded};
        return {ready_.pop(), unbounded};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        sizes_.ran(task, ran, why);
        if (why == Stop::preempted) ready_.push(task, {0, sequence_++});
        if (why == Stop::yielded) wait(task);
    }

    [[nodiscard]] bool preempts(TaskId, Nanoseconds, Instant) const { return false; }
    void inherit(TaskId, TaskId, Instant) {}

private:
    void wait(TaskId task) {
        ready_.push(task, {sizes_.left_after(task, Nanoseconds{0}).value, sequence_++});
    }

    JobSizes sizes_;
    TaskHeap<Rank> ready_;
    std::uint64_t sequence_ = 1;
};

}  // namespace libos::sched

#pragma once

/// EDF: the job whose deadline is nearest runs, and displaces a later one at once.
///
/// Why: optimal on one core: it meets all deadlines wherever any policy does. Under overload it
/// gives no promise about which job is late: cbs.hpp does.
///
///     deadline of a job = its release + Demand::deadline (the period where that is 0)
///
/// Source: C. L. Liu and J. W. Layland, "Scheduling algorithms for multiprogramming in a
/// hard-real-time environment", Journal of the ACM 20(1), 1973, section 7; optimality: M. L.
/// Dertouzos, "Control robotics: the procedural control of physical processes", IFIP 1974. Ties
/// by task number. A job that blocks keeps its deadline. Tasks with neither deadline nor period
/// run in the background, in order of arrival. Every task is admitted, as in rm. Reads
/// Demand::deadline, period and Job::release. Costs, inheritance (of deadlines): ranked.hpp.

#include "libos/sched/ranked.hpp"
#include "libos/sched/time.hpp"

namespace libos::sched {

class Edf : public Ranked {
public:
    static constexpr std::string_view name = "edf";
    static constexpr std::string_view summary = "run the job with the nearest deadline";
    static constexpr std::string_view paper = "Liu and Layland 1973; Dertouzos 1974";

    static constexpr std::size_t bytes(const Config& config) {
        return Ranked::bytes(config) + kernel::base::Arena::room<Facts>(config.tasks);
    }

    Edf(kernel::base::Arena& arena, const Config& config)
        : Ranked{arena, config}, facts_{arena.take<Facts>(config.tasks)} {}

    bool admit(TaskId task, const Demand& demand, Instant) {
        const bool own = demand.deadline != Nanoseconds{0};
        facts_[position(task)] = {own ? demand.deadline : demand.period, true};
        return true;
    }

    void wake(TaskId task, const Job& job, Instant now) {
        Facts& facts = facts_[position(task)];
        if (facts.relative == Nanoseconds{0}) {
            rank(task, {unbounded.value, next_sequence()});
        } else if (facts.new_job) {
            const Instant release = job.release == Instant{0} ? now : job.release;
            rank(task, {after(release, facts.relative).value, position(task)});
        }
        facts.new_job = false;
        enter(task);
    }

    void stop(TaskId task, Nanoseconds, Stop why, Instant) {
        Facts& facts = facts_[position(task)];
        facts.new_job = why == Stop::ended;
        if (why == Stop::yielded && facts.relative == Nanoseconds{0}) {
            rank(task, {unbounded.value, next_sequence()});
        }
        if (why == Stop::yielded || why == Stop::preempted) enter(task);
    }

private:
    struct Facts {
        Nanoseconds relative{0};  ///< deadline after the release; 0: none
        bool new_job = true;      ///< the next wake() begins one
    };

    std::span<Facts> facts_;
};

}  // namespace libos::sched

#pragma once

/// Processor sharing, approximated: a round of all runnable tasks takes one quantum at most.
///
/// Why: under ideal processor sharing n jobs each run at 1/n of the speed, and a job's slowdown
/// does not depend on its size. Real cores run one task at a time; here each of n tasks runs
/// quantum / n in turn (at least 1 ns), so that over any quantum each has had its share: the
/// error of a task's progress against the ideal is below one quantum, whatever n is. Round robin
/// with a fixed quantum errs by n quanta. The price is n / quantum switches a second: meant for
/// models without switch costs, and as a bound on what others achieve.
///
/// Source: L. Kleinrock, "Time-shared systems: a theoretical treatment", Journal of the ACM
/// 14(2), 1967 (round robin in the limit of a small quantum). Reads Config::quantum: the length
/// of a round. O(1) each.

#include <algorithm>

#include "libos/sched/rotation.hpp"

namespace libos::sched {

class ProcessorSharing : public Rotation {
public:
    static constexpr std::string_view name = "ps";
    static constexpr std::string_view summary = "share each quantum equally among all tasks";
    static constexpr std::string_view paper = "Kleinrock 1967";

    ProcessorSharing(kernel::base::Arena& arena, const Config& config)
        : Rotation{arena, config}, round_{config.quantum} {}

    void wake(TaskId task, const Job& job, Instant now) {
        ++runnable_;
        Rotation::wake(task, job, now);
    }

    Choice pick(Instant) {
        const std::uint64_t part = round_.value / std::max(1u, runnable_);
        return next(Nanoseconds{std::max<std::uint64_t>(1, part)});
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        if (why == Stop::blocked || why == Stop::ended) --runnable_;
        put_back(task, ran, why);
    }

private:
    Nanoseconds round_;
    std::uint32_t runnable_ = 0;  ///< running ones included
};

}  // namespace libos::sched

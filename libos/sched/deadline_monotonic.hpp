#pragma once

/// Deadline-monotonic: the shorter a task's relative deadline, the higher its fixed priority.
///
/// Why: optimal among fixed priorities where deadlines are at most the periods; rate-monotonic is
/// its special case.
///
/// Source: J. Y.-T. Leung and J. Whitehead, "On the complexity of fixed-priority scheduling of
/// periodic, real-time tasks", Performance Evaluation 2(4), 1982. Ties by task number. Tasks
/// with neither deadline nor period run in the background. Every task is admitted, as in rm.
/// Reads Demand::deadline, and period where that is 0. Costs, inheritance: ranked.hpp.

#include "libos/sched/fixed_rank.hpp"

namespace libos::sched {

class DeadlineMonotonic : public FixedRank {
public:
    static constexpr std::string_view name = "dm";
    static constexpr std::string_view summary = "deadline-monotonic: the shortest deadline first";
    static constexpr std::string_view paper = "Leung and Whitehead 1982";

    using FixedRank::FixedRank;

    bool admit(TaskId task, const Demand& demand, Instant) {
        rank_by(task, demand.deadline == Nanoseconds{0} ? demand.period : demand.deadline);
        return true;
    }
};

}  // namespace libos::sched

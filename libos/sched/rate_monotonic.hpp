#pragma once

/// Rate-monotonic: the shorter a task's period, the higher its fixed priority.
///
/// Why: optimal among fixed priorities where deadlines are the periods, and under overload it is
/// always the same tasks, those of long periods, that miss.
///
/// Source: C. L. Liu and J. W. Layland, "Scheduling algorithms for multiprogramming in a
/// hard-real-time environment", Journal of the ACM 20(1), 1973, section 4. Ties by task number.
/// Tasks without a period run in the background. Every task is admitted: whether a set is
/// schedulable is its owner's question. Reads Demand::period. Costs, inheritance: ranked.hpp.

#include "libos/sched/fixed_rank.hpp"

namespace libos::sched {

class RateMonotonic : public FixedRank {
public:
    static constexpr std::string_view name = "rm";
    static constexpr std::string_view summary = "rate-monotonic: the shortest period first";
    static constexpr std::string_view paper = "Liu and Layland 1973";

    using FixedRank::FixedRank;

    bool admit(TaskId task, const Demand& demand, Instant) {
        rank_by(task, demand.period);
        return true;
    }
};

}  // namespace libos::sched

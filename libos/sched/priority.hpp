#pragma once

/// Priority: the runnable task of highest priority runs, and displaces a lower one at once.
///
/// Why: the oldest way to say what matters. A task that holds what a higher one waits for has
/// that one's priority meanwhile, so that no task of middle priority can delay them both without
/// bound.
///
/// Source: L. Sha, R. Rajkumar and J. P. Lehoczky, "Priority inheritance protocols: an approach
/// to real-time synchronization", IEEE Transactions on Computers 39(9), 1990, section III. Equal
/// priorities run in order of arrival; a displaced task goes on before its equals, one that
/// yields, after them. Reads Demand::priority. Costs: ranked.hpp.

#include "libos/sched/ranked.hpp"

namespace libos::sched {

class Priority : public Ranked {
public:
    static constexpr std::string_view name = "priority";
    static constexpr std::string_view summary = "run the highest priority; waiters lend theirs";
    static constexpr std::string_view paper = "Sha, Rajkumar and Lehoczky 1990";

    using Ranked::Ranked;

    bool admit(TaskId task, const Demand& demand, Instant) {
        rank(task, {~std::uint64_t{demand.priority}, next_sequence()});
        return true;
    }

    void wake(TaskId task, const Job&, Instant) {
        to_the_end(task);
        enter(task);
    }

    void stop(TaskId task, Nanoseconds, Stop why, Instant) {
        if (why == Stop::yielded) to_the_end(task);
        if (why == Stop::yielded || why == Stop::preempted) enter(task);
    }

private:
    void to_the_end(TaskId task) { rank(task, {own_rank(task).major, next_sequence()}); }
};

}  // namespace libos::sched

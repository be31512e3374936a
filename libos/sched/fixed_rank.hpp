#pragma once

/// Fixed ranks by a span of time: what rate- and deadline-monotonic share. The shorter goes
/// first, ties by task number; a task without such a span goes after all others, in order of
/// arrival.

#include "libos/sched/ranked.hpp"

namespace libos::sched {

class FixedRank : public Ranked {
public:
    using Ranked::Ranked;

    void wake(TaskId task, const Job&, Instant) {
        if (background(task)) rank(task, {own_rank(task).major, next_sequence()});
        enter(task);
    }

    void stop(TaskId task, Nanoseconds, Stop why, Instant) {
        if (why == Stop::yielded && background(task)) {
            rank(task, {own_rank(task).major, next_sequence()});
        }
        if (why == Stop::yielded || why == Stop::preempted) enter(task);
    }

protected:
    /// `span` 0: in the background.
    void rank_by(TaskId task, Nanoseconds span) {
        if (span == Nanoseconds{0}) rank(task, {unbounded.value, next_sequence()});
        else rank(task, {span.value, position(task)});
    }

private:
    [[nodiscard]] bool background(TaskId task) const {
        return own_rank(task).major == unbounded.value;
    }
};

}  // namespace libos::sched

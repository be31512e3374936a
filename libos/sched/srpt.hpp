#pragma once

/// SRPT: the job with the least left to run runs, and displaces a longer one at once.
///
/// Why: the least mean response there is, when sizes are known. Long jobs pay, by less than
/// intuition says where sizes vary much.
///
/// Source: L. E. Schrage, "A proof of the optimality of the shortest remaining processing time
/// discipline", Operations Research 16(3), 1968; its means: L. E. Schrage and L. W. Miller, "The
/// queue M/G/1 with the shortest remaining processing time discipline", Operations Research
/// 14(4), 1966. Jobs of unknown size, and those that outran their hint, run when no other can, in
/// order of arrival. Ties by arrival. Reads Job::size. O(log tasks) each.

#include "libos/sched/job_size.hpp"
#include "libos/sched/ranked.hpp"

namespace libos::sched {

class Srpt {
public:
    static constexpr std::string_view name = "srpt";
    static constexpr std::string_view summary = "run the job with the least left to do";
    static constexpr std::string_view paper = "Schrage 1968; Schrage and Miller 1966";

    static constexpr std::size_t bytes(const Config& config) {
        return JobSizes::bytes(config) + TaskHeap<Rank>::bytes(config.tasks) +
               kernel::base::Arena::room<std::uint64_t>(config.tasks);
    }

    Srpt(kernel::base::Arena& arena, const Config& config)
        : sizes_{arena, config},
          ready_{arena, config.tasks},
          arrivals_{arena.take<std::uint64_t>(config.tasks)} {}

    bool admit(TaskId task, const Demand&, Instant) {
        sizes_.admit(task);
        return true;
    }

    void leave(TaskId, Instant) {}

    void wake(TaskId task, const Job& job, Instant) {
        sizes_.begin(task, job);
        arrivals_[position(task)] = sequence_++;
        ready_.push(task, rank(task, Nanoseconds{0}));
    }

    Choice pick(Instant) {
        if (ready_.empty()) return {no_task, unbounded};
        return {ready_.pop(), unbounded};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        sizes_.ran(task, ran, why);
        if (why == Stop::yielded) arrivals_[position(task)] = sequence_++;
        if (why == Stop::yielded || why == Stop::preempted) {
            ready_.push(task, rank(task, Nanoseconds{0}));
        }
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds ran, Instant) const {
        return !ready_.empty() && ready_.top_key() < rank(running, ran);
    }

    void inherit(TaskId, TaskId, Instant) {}

private:
    [[nodiscard]] Rank rank(TaskId task, Nanoseconds ran) const {
        return {sizes_.left_after(task, ran).value, arrivals_[position(task)]};
    }

    JobSizes sizes_;
    TaskHeap<Rank> ready_;
    std::span<std::uint64_t> arrivals_;
    std::uint64_t sequence_ = 0;
};

}  // namespace libos::sched

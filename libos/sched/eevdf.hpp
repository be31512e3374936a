#pragma once

/// EEVDF: of the tasks that are owed service, the one whose request is due first runs.
///
/// Why: as fair as can be, no task ever more than one quantum ahead of or behind its ideal share;
/// and a task of large weight is served soon, not merely much.
///
///     V: virtual time, moves by service / weights of all runnable tasks
///     each request of one quantum: eligible from v = start, due at v + quantum / weight
///     pick: least due with v <= V
///
/// Source: I. Stoica, H. Abdel-Wahab, K. Jeffay, S. K. Baruah, J. E. Gehrke and C. G. Plaxton, "A
/// proportional share resource allocation algorithm for real-time, time-shared systems", RTSS
/// 1996; I. Stoica and H. Abdel-Wahab, "Earliest eligible virtual deadline first", ODU TR-95-22,
/// 1995. A task that blocks keeps its lag (at most a quantum), and V moves so that all lags sum
/// to 0. Where the paper searches a tree, here one heap holds those not eligible yet and one the
/// others; each task changes heaps at most twice a request but for V's moves backwards. On
/// several cores V moves when a task stops, and where none is eligible the one eligible first
/// runs. A task displaces another only if it was eligible at the last wake() or pick(). Ties by
/// task number. Reads Demand::weight and Config::quantum. O(log tasks) each, amortised.

#include <span>

#include "libos/sched/task_heap.hpp"
#include "libos/sched/time.hpp"
#include "libos/sched/virtual_time.hpp"

namespace libos::sched {

class Eevdf {
public:
    static constexpr std::string_view name = "eevdf";
    static constexpr std::string_view summary = "earliest eligible virtual deadline first";
    static constexpr std::string_view paper = "Stoica et al. RTSS 1996";

    static constexpr std::size_t bytes(const Config& config) {
        return 2 * TaskHeap<VirtualTime>::bytes(config.tasks) +
               kernel::base::Arena::room<Request>(config.tasks);
    }

    Eevdf(kernel::base::Arena& arena, const Config& config)
        : eligible_{arena, config.tasks},
          future_{arena, config.tasks},
          requests_{arena.take<Request>(config.tasks)},
          quantum_{config.quantum} {
        CHITIN_ASSERT(quantum_ > Nanoseconds{0} && quantum_.value < std::uint64_t{1} << 40);
    }

    bool admit(TaskId task, const Demand& demand, Instant) {
        request(task) = {};
        request(task).weight = bounded_weight(demand.weight);
        return true;
    }

    void leave(TaskId task, Instant) {
        CHITIN_ASSERT(!eligible_.contains(task) && !future_.contains(task));
    }

    void wake(TaskId task, const Job&, Instant) {
        Request& woken = request(task);
        if (weights_ == 0) woken.owed = woken.ahead = 0;
        woken.start = now_ + woken.ahead - woken.owed;
        weights_ += woken.weight;
        now_ = now_ + scaled(woken.ahead, woken.weight, weights_) -
               scaled(woken.owed, woken.weight, weights_);
        renew(woken);
        future_.push(task, woken.start);
        sort();
    }

    Choice pick(Instant) {
        sort();
        if (eligible_.empty() && future_.empty()) return {no_task, unbounded};
        const TaskId task = eligible_.empty() ? future_.pop() : eligible_.pop();
        return {task, request(task).left};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        Request& stopped = request(task);
        stopped.start = stopped.start + virtual_length(ran, stopped.weight);
        now_ = now_ + virtual_length(ran, weights_);
        stopped.left = less(stopped.left, ran);
        if (why == Stop::yielded || stopped.left == Nanoseconds{0}) renew(stopped);
        if (why == Stop::preempted || why == Stop::yielded) future_.push(task, stopped.start);
        else rest(stopped);
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds ran, Instant) const {
        const Request& at = requests_[position(running)];
        if (used_up(at.left, ran)) return !eligible_.empty() || !future_.empty();
        if (eligible_.empty() || now_ < requests_[position(eligible_.top())].start) return false;
        return eligible_.beats(running, at.due);
    }

    void inherit(TaskId, TaskId, Instant) {}

private:
    struct Request {
        VirtualTime start{};
        VirtualTime due{};
        Nanoseconds left{0};      ///< of the quantum asked for
        std::uint64_t owed = 0;   ///< virtual lag kept while not runnable
        std::uint64_t ahead = 0;  ///< the same where it is negative; one of the two is 0
        std::uint64_t weight = 1;
    };

    [[nodiscard]] Request& request(TaskId task) { return requests_[position(task)]; }

    void renew(Request& request) const {
        request.left = quantum_;
        request.due = request.start + virtual_length(quantum_, request.weight);
    }

    /// Keep the lag of one that leaves the competition, and give it to the others' sum.
    void rest(Request& request) {
        const std::uint64_t most = virtual_length(quantum_, request.weight);
        request.owed = distance(request.start, now_, most);
        request.ahead = distance(now_, request.start, most);
        weights_ -= request.weight;
        if (weights_ == 0) return;
        now_ = now_ + scaled(request.owed, request.weight, weights_) -
               scaled(request.ahead, request.weight, weights_);
    }

    /// Into each heap those that V says belong there, as far as their tops tell.
    void sort() {
        while (!future_.empty() && future_.top_key() <= now_) {
            const TaskId task = future_.pop();
            eligible_.push(task, request(task).due);
        }
        while (!eligible_.empty() && now_ < request(eligible_.top()).start) {
            const TaskId task = eligible_.pop();
            future_.push(task, request(task).start);
        }
    }

    /// From `one` to `other`, at most `most`; 0 where that is backwards.
    [[nodiscard]] static std::uint64_t distance(VirtualTime one, VirtualTime other,
                                                std::uint64_t most) {
        if (other <= one) return 0;
        const unsigned __int128 units = other.units - one.units;
        return units < most ? static_cast<std::uint64_t>(units) : most;
    }

    TaskHeap<VirtualTime> eligible_;  ///< by due
    TaskHeap<VirtualTime> future_;    ///< by start
    std::span<Request> requests_;
    Nanoseconds quantum_;
    VirtualTime now_{};          ///< V
    std::uint64_t weights_ = 0;  ///< of all runnable tasks, running ones included
};

}  // namespace libos::sched

#pragma once

/// Lottery: each runnable task has tickets; the owner of one drawn at random runs for a quantum.
///
/// Why: shares in proportion, of what there is at any moment, with no history to keep and no task
/// that starves. A share is kept in the mean: after n draws it is off by about sqrt(n p (1 - p)).
///
/// Source: C. A. Waldspurger and W. E. Weihl, "Lottery scheduling: flexible proportional-share
/// resource management", OSDI 1994, sections 2, 3.1 (a waiter's tickets go to the holder it waits
/// for) and 3.4 (a task that used 1/k of its quantum has k times its tickets until it runs again,
/// here for k to 1024). The stream of draws is SplitMix64 (G. L. Steele et al., OOPSLA 2014) from
/// Config::seed. A displaced task has its compensation like one that yielded. Reads
/// Demand::weight, Config::quantum and seed. O(log tasks) each; inherit O(waiters) for each task
/// on the path of holders.

#include <algorithm>
#include <cstdint>
#include <span>

#include "libos/sched/ticket_tree.hpp"
#include "libos/sched/time.hpp"
#include "libos/sched/wait_forest.hpp"

namespace libos::sched {

class Lottery {
public:
    static constexpr std::string_view name = "lottery";
    static constexpr std::string_view summary = "draw a ticket; weights are numbers of tickets";
    static constexpr std::string_view paper = "Waldspurger and Weihl OSDI 1994";

    static constexpr std::size_t bytes(const Config& config) {
        return TicketTree::bytes(config.tasks) + WaitForest::bytes(config.tasks) +
               kernel::base::Arena::room<Purse>(config.tasks);
    }

    Lottery(kernel::base::Arena& arena, const Config& config)
        : draw_{arena, config.tasks},
          waits_{arena, config.tasks},
          purses_{arena.take<Purse>(config.tasks)},
          quantum_{config.quantum},
          state_{config.seed} {
        CHITIN_ASSERT(quantum_ > Nanoseconds{0} && quantum_.value < std::uint64_t{1} << 48);
    }

    bool admit(TaskId task, const Demand& demand, Instant) {
        purse(task) = {std::max(1u, demand.weight), 0, unit};
        refresh(task);
        return true;
    }

    void leave(TaskId task, Instant) {
        CHITIN_ASSERT(draw_.tickets(task) == 0);
        inherit(task, no_task, {});
        while (waits_.first_waiter(task) != no_task) waits_.part(waits_.first_waiter(task));
        purse(task) = {};
    }

    void wake(TaskId task, const Job&, Instant) { enter(task); }

    Choice pick(Instant) {
        if (draw_.total() == 0) return {no_task, unbounded};
        const TaskId task = draw_.owner(below(draw_.total()));
        draw_.set(task, 0);
        purse(task).compensation = unit;
        return {task, quantum_};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        if (!used_up(quantum_, ran)) {
            const std::uint64_t factor =
                quantum_.value * unit / std::max<std::uint64_t>(1, ran.value);
            purse(task).compensation = std::clamp(factor, unit, unit * factor_max);
        }
        if (why == Stop::preempted || why == Stop::yielded) enter(task);
    }

    [[nodiscard]] bool preempts(TaskId, Nanoseconds ran, Instant) const {
        return draw_.total() != 0 && used_up(quantum_, ran);
    }

    void inherit(TaskId waiter, TaskId holder, Instant) {
        if (const TaskId before = waits_.part(waiter); before != no_task) refresh(before);
        if (holder != no_task && waits_.join(waiter, holder)) refresh(holder);
    }

private:
    static constexpr std::uint64_t unit = 256;         ///< of compensation: factor 1
    static constexpr std::uint64_t factor_max = 1024;  ///< of compensation

    struct Purse {
        std::uint64_t own = 0;
        std::uint64_t tickets = 0;  ///< own and those of the waiters
        std::uint64_t compensation = unit;
    };

    [[nodiscard]] Purse& purse(TaskId task) { return purses_[position(task)]; }

    void enter(TaskId task) { draw_.set(task, purse(task).tickets * purse(task).compensation); }

    /// Recount, from `task` towards the root, as far as it changes anything.
    void refresh(TaskId task) {
        for (; task != no_task; task = waits_.holder(task)) {
            std::uint64_t tickets = purse(task).own;
            for (TaskId waiter = waits_.first_waiter(task); waiter != no_task;
                 waiter = waits_.next_waiter(waiter)) {
                tickets += purse(waiter).tickets;
            }
            if (tickets == purse(task).tickets) return;
            purse(task).tickets = tickets;
            if (draw_.tickets(task) != 0) enter(task);
        }
    }

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    /// Below `bound`, by fixed-point multiplication; its bias is below bound / 2^64.
    std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
    }

    TicketTree draw_;
    WaitForest waits_;
    std::span<Purse> purses_;
    Nanoseconds quantum_;
    std::uint64_t state_;
};

}  // namespace libos::sched

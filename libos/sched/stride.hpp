#pragma once

/// Stride: the task with the least pass runs for a quantum, and its pass moves on by its stride,
/// which is the inverse of its weight.
///
/// Why: lottery's shares without its chance. Between two tasks that stay runnable the service by
/// weight never differs by more than the stride of one quantum. A task that blocks keeps its
/// distance to the global pass, so sleeping earns nothing and costs nothing.
///
/// Source: C. A. Waldspurger and W. E. Weihl, "Stride scheduling: deterministic proportional-
/// share resource management", MIT/LCS/TM-528, 1995, section 2 (with its dynamic participation;
/// a part of a quantum moves the pass by that part of the stride). Ties by task number. Reads
/// Demand::weight and Config::quantum. O(log tasks) each.

#include <span>

#include "libos/sched/task_heap.hpp"
#include "libos/sched/time.hpp"
#include "libos/sched/virtual_time.hpp"

namespace libos::sched {

class Stride {
public:
    static constexpr std::string_view name = "stride";
    static constexpr std::string_view summary = "shares by weight, each off by a quantum at most";
    static constexpr std::string_view paper = "Waldspurger and Weihl TM-528 1995";

    static constexpr std::size_t bytes(const Config& config) {
        return TaskHeap<VirtualTime>::bytes(config.tasks) +
               kernel::base::Arena::room<Client>(config.tasks);
    }

    Stride(kernel::base::Arena& arena, const Config& config)
        : ready_{arena, config.tasks},
          clients_{arena.take<Client>(config.tasks)},
          quantum_{config.quantum} {
        CHITIN_ASSERT(quantum_ > Nanoseconds{0});
    }

    /// A new client begins one stride after the global pass.
    bool admit(TaskId task, const Demand& demand, Instant) {
        const std::uint64_t weight = bounded_weight(demand.weight);
        client(task) = {{}, virtual_length(quantum_, weight), 0, weight};
        return true;
    }

    void leave(TaskId task, Instant) { CHITIN_ASSERT(!ready_.contains(task)); }

    void wake(TaskId task, const Job&, Instant) {
        Client& woken = client(task);
        woken.pass = global_ + woken.ahead - woken.behind;
        tickets_ += woken.weight;
        ready_.push(task, woken.pass);
    }

    Choice pick(Instant) {
        if (ready_.empty()) return {no_task, unbounded};
        return {ready_.pop(), quantum_};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        Client& stopped = client(task);
        stopped.pass = stopped.pass + virtual_length(ran, stopped.weight);
        global_ = global_ + virtual_length(ran, tickets_);
        if (why == Stop::preempted || why == Stop::yielded) {
            ready_.push(task, stopped.pass);
        } else {
            tickets_ -= stopped.weight;
            stopped.ahead = distance(global_, stopped.pass);
            stopped.behind = distance(stopped.pass, global_);
        }
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds ran, Instant) const {
        if (!used_up(quantum_, ran)) return false;
        const Client& at = clients_[position(running)];
        return ready_.beats(running, at.pass + virtual_length(ran, at.weight));
    }

    void inherit(TaskId, TaskId, Instant) {}

private:
    struct Client {
        VirtualTime pass{};
        std::uint64_t ahead = 0;   ///< of the global pass, while not runnable
        std::uint64_t behind = 0;  ///< it; one of the two is 0
        std::uint64_t weight = 1;
    };

    [[nodiscard]] Client& client(TaskId task) { return clients_[position(task)]; }

    /// From `one` to `other`; 0 where that is backwards.
    [[nodiscard]] static std::uint64_t distance(VirtualTime one, VirtualTime other) {
        return other > one ? static_cast<std::uint64_t>(other.units - one.units) : 0;
    }

    TaskHeap<VirtualTime> ready_;
    std::span<Client> clients_;
    Nanoseconds quantum_;
    VirtualTime global_{};
    std::uint64_t tickets_ = 0;  ///< of all runnable tasks, running ones included
};

}  // namespace libos::sched

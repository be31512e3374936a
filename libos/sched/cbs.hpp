#pragma once

/// CBS: constant-bandwidth servers over EDF. Each task has a budget a period; the server with the
/// nearest deadline runs, and one whose budget is used up waits until its deadline.
///
/// Why: a task that needs more than it said harms itself alone. A periodic task whose budget
/// covers its worst case meets its deadlines, the ends of its periods, whatever others do.
///
///     wake: budget c left, deadline d.   d past, or c >= (d - now) * budget / period:
///               c := budget, d := now + period.      else: c and d stay
///     c used up: wait until d; then c := c + budget, d := d + period (an overrun is paid back)
///
/// Source: L. Abeni and G. Buttazzo, "Integrating multimedia applications in hard real-time
/// systems", RTSS 1998. There a server without budget goes on at once with its deadline put off;
/// here it waits (a hard reservation, as in R. Rajkumar et al., "Resource kernels", MMCN 1998),
/// so that tasks in the background (no period or budget) get what the servers may not use: in
/// turns of a quantum. Admission refuses a set whose bandwidths exceed one core; on m cores, m -
/// (m - 1) * the largest (J. Goossens, S. Funk and S. Baruah, "Priority-driven scheduling of
/// periodic task systems on multiprocessors", Real-Time Systems 25, 2003). Ties by task number.
/// Nothing is inherited. Reads Demand::budget and period, Config::quantum and cores. O(log tasks)
/// each, admit O(tasks); a pick also for each server that is due.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "libos/sched/ranked.hpp"
#include "libos/sched/task_queue.hpp"
#include "libos/sched/time.hpp"

namespace libos::sched {

class Cbs {
public:
    static constexpr std::string_view name = "cbs";
    static constexpr std::string_view summary = "a budget a period each, nearest deadline first";
    static constexpr std::string_view paper = "Abeni and Buttazzo RTSS 1998";

    static constexpr std::size_t bytes(const Config& config) {
        return 2 * TaskHeap<Rank>::bytes(config.tasks) + TaskLinks::bytes(config.tasks) +
               kernel::base::Arena::room<Server>(config.tasks);
    }

    Cbs(kernel::base::Arena& arena, const Config& config)
        : ready_{arena, config.tasks},
          waiting_{arena, config.tasks},
          links_{arena, config.tasks},
          servers_{arena.take<Server>(config.tasks)},
          quantum_{config.quantum},
          cores_{config.cores} {
        CHITIN_ASSERT(quantum_ > Nanoseconds{0});
    }

    /// False: a budget over the period, or more than can be promised beside the others.
    bool admit(TaskId task, const Demand& demand, Instant) {
        if (demand.budget == Nanoseconds{0} || demand.period == Nanoseconds{0}) {
            server(task) = {};
            return true;
        }
        if (demand.budget > demand.period || demand.period.value > span_max) return false;
        Server asked{};
        asked.budget = static_cast<std::int64_t>(demand.budget.value);
        asked.period = demand.period;
        server(task) = {};
        if (!fits(bandwidth(asked))) return false;
        server(task) = asked;
        return true;
    }

    void leave(TaskId task, Instant) { server(task) = {}; }

    void wake(TaskId task, const Job&, Instant now) {
        Server& woken = server(task);
        if (!woken.serves()) {
            woken.left = 0;
            links_.push_back(background_, task);
            return;
        }
        if (now >= woken.deadline || woken.saved_too_much(now)) {
            woken.left = std::min<std::int64_t>(woken.left, 0) + woken.budget;
            woken.deadline = after(now, woken.period);
        }
        enter(task);
    }

    Choice pick(Instant now) {
        replenish(now);
        const Nanoseconds quiet =
            waiting_.empty() ? unbounded : until(Instant{waiting_.top_key().major}, now);
        if (!ready_.empty()) {
            const TaskId task = ready_.pop();
            return {task, std::min(server(task).left_span(), quiet)};
        }
        if (background_.empty()) return {no_task, quiet};
        const TaskId task = links_.pop_front(background_);
        if (server(task).left <= 0) server(task).left = static_cast<std::int64_t>(quantum_.value);
        return {task, std::min(server(task).left_span(), quiet)};
    }

    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) {
        Server& stopped = server(task);
        stopped.left -= static_cast<std::int64_t>(std::min(ran.value, span_max));
        if (why == Stop::blocked || why == Stop::ended) return;
        if (stopped.serves()) enter(task);
        else if (why == Stop::preempted && stopped.left > 0) links_.push_front(background_, task);
        else to_the_end(task);
    }

    [[nodiscard]] bool preempts(TaskId running, Nanoseconds ran, Instant now) const {
        const Server& at = servers_[position(running)];
        const bool due = !waiting_.empty() && waiting_.top_key().major <= now.value;
        const bool spent = used_up(at.left_span(), ran);
        if (!at.serves()) return due || !ready_.empty() || (spent && !background_.empty());
        if (spent) return due || !ready_.empty() || !background_.empty();
        const Rank own{at.deadline.value, position(running)};
        return due || (!ready_.empty() && ready_.top_key() < own);
    }

    void inherit(TaskId, TaskId, Instant) {}

private:
    static constexpr std::uint64_t span_max = std::uint64_t{1} << 62;

    struct Server {
        std::int64_t budget = 0;  ///< 0: in the background
        Nanoseconds period{0};
        std::int64_t left = 0;  ///< of the budget, or of a background turn; negative: overrun
        Instant deadline{0};

        [[nodiscard]] bool serves() const { return budget != 0; }
        [[nodiscard]] Nanoseconds left_span() const {
            return Nanoseconds{left > 0 ? static_cast<std::uint64_t>(left) : 0};
        }
        /// Would what is left, used up before the deadline, be the whole bandwidth or more?
        [[nodiscard]] bool saved_too_much(Instant now) const {
            using Wide = unsigned __int128;
            return Wide{left_span().value} * period.value >=
                   Wide{until(deadline, now).value} * static_cast<std::uint64_t>(budget);
        }
    };

    static constexpr std::uint64_t whole_core = std::uint64_t{1} << 32;

    [[nodiscard]] Server& server(TaskId task) { return servers_[position(task)]; }

    /// In parts of a core, rounded down to 2^-32.
    [[nodiscard]] static std::uint64_t bandwidth(const Server& server) {
        if (!server.serves()) return 0;
        const auto width = static_cast<int>(std::bit_width(server.period.value));
        const int shift = std::max(0, width - 32);
        return ((static_cast<std::uint64_t>(server.budget) >> shift) << 32) /
               (server.period.value >> shift);
    }

    [[nodiscard]] bool fits(std::uint64_t asked) const {
        std::uint64_t sum = asked;
        std::uint64_t most = asked;
        for (const Server& each : servers_) {
            sum += bandwidth(each);
            most = std::max(most, bandwidth(each));
        }
        return sum <= cores_ * whole_core - (cores_ - 1) * most;
    }

    void enter(TaskId task) {
        const Rank rank{server(task).deadline.value, position(task)};
        (server(task).left > 0 ? ready_ : waiting_).push(task, rank);
    }

    void to_the_end(TaskId task) {
        server(task).left = 0;
        links_.push_back(background_, task);
    }

    /// A new budget for those whose deadline has come. After a silence of more than a period the
    /// deadline counts from now.
    void replenish(Instant now) {
        while (!waiting_.empty() && waiting_.top_key().major <= now.value) {
            const TaskId task = waiting_.pop();
            Server& due = server(task);
            due.left += due.budget;
            const Instant next = after(due.deadline, due.period);
            due.deadline = next > now ? next : after(now, due.period);
            enter(task);
        }
    }

    TaskHeap<Rank> ready_;    ///< servers with budget
    TaskHeap<Rank> waiting_;  ///< servers without, by when they get some
    TaskLinks links_;
    TaskQueue background_;
    std::span<Server> servers_;
    Nanoseconds quantum_;
    std::uint64_t cores_;
};

}  // namespace libos::sched

#pragma once

/// The ticket tree: how many tickets each task has in the draw, and whose the n-th one is.
///
///     sums[1] is the total; sums[i] = sums[2i] + sums[2i+1]; leaf of task t: sums[leaves + t]
///
/// O(log tasks) each. Source: Waldspurger and Weihl, OSDI 1994, section 4.2 (a tree of partial
/// sums).

#include <bit>
#include <cstdint>
#include <span>

#include "libos/sched/scheduler.hpp"

namespace libos::sched {

class TicketTree {
public:
    static constexpr std::size_t bytes(std::uint32_t tasks) {
        return kernel::base::Arena::room<std::uint64_t>(2 * std::bit_ceil(std::size_t{tasks}));
    }

    TicketTree(kernel::base::Arena& arena, std::uint32_t tasks)
        : leaves_{std::bit_ceil(std::size_t{tasks})},
          sums_{arena.take<std::uint64_t>(2 * leaves_)} {}

    [[nodiscard]] std::uint64_t total() const { return sums_[1]; }
    [[nodiscard]] std::uint64_t tickets(TaskId task) const {
        return sums_[leaves_ + position(task)];
    }

    void set(TaskId task, std::uint64_t tickets) {
        std::size_t at = leaves_ + position(task);
        sums_[at] = tickets;
        for (at /= 2; at > 0; at /= 2) sums_[at] = sums_[2 * at] + sums_[2 * at + 1];
    }

    /// Whose ticket `number`, below total(), is.
    [[nodiscard]] TaskId owner(std::uint64_t number) const {
        CHITIN_ASSERT(number < total());
        std::size_t at = 1;
        while (at < leaves_) {
            at *= 2;
            if (number >= sums_[at]) number -= sums_[at++];
        }
        return TaskId{static_cast<std::uint32_t>(at - leaves_)};
    }

private:
    std::size_t leaves_;
    std::span<std::uint64_t> sums_;
};

}  // namespace libos::sched

// Reservation: at most a budget each period, under a scheduler that does not see to that itself.
//
// Why apart from the scheduler: EDF, RM and priorities say who is first and believe what was
// declared; beside one that never stops they keep their promises to the others only if somebody
// holds it to its budget. A job of a member is what it does in one period, until it parks.
//
//     wakes with budget c left, period until d:
//         d past, or c >= (d - now) * budget / period:  a new period now;  else: goes on
//     c used up:  waits until d, which begins its next period; an overrun is paid back
//
// These are the rules of constant-bandwidth servers (libos/sched/cbs.hpp), for any order.
#pragma once

#include "libos/sched/time.hpp"

namespace scenarios::programs {

class Reservation {
public:
    Reservation() = default;  // no limit
    Reservation(std::uint64_t budget_ns, std::uint64_t period_ns)
        : budget_{static_cast<std::int64_t>(budget_ns)}, period_{period_ns} {}

    // May it run? Where it may, release() says when its job began.
    bool wake(libos::sched::Instant now) {
        if (budget_ == 0) {
            release_ = now;
            return true;
        }
        if (left_ <= 0 && now < end_) {
            waits_ = true;
            return false;
        }
        if (now >= end_ || saved_too_much(now)) {
            const bool at_once = waits_ && now.value - end_.value < period_.value;
            release_ = at_once ? end_ : now;
            end_ = libos::sched::after(release_, period_);
            left_ = std::min<std::int64_t>(left_, 0) + budget_;
        }
        waits_ = left_ <= 0;
        return !waits_;
    }
    libos::sched::Instant release() const { return release_; }

    // It ran so long, and has more to do or not. May it go on?
    bool charge(libos::sched::Nanoseconds ran, bool more) {
        if (budget_ == 0) return more;
        left_ -= static_cast<std::int64_t>(ran.value);
        waits_ = more && left_ <= 0;
        return more && !waits_;
    }

private:
    bool saved_too_much(libos::sched::Instant now) const {
        using Wide = unsigned __int128;
        return Wide{static_cast<std::uint64_t>(left_)} * period_.value >=
               Wide{end_.value - now.value} * static_cast<std::uint64_t>(budget_);
    }

    std::int64_t budget_ = 0;
    libos::sched::Nanoseconds period_{0};
    std::int64_t left_ = 0;  // negative: overrun
    libos::sched::Instant release_{0};
    libos::sched::Instant end_{0};
    bool waits_ = false;  // for the next period, with something to do
};

}  // namespace scenarios::programs

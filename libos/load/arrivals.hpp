#pragma once

/// Arrivals: when requests are due.
///
///     poisson   open loop: gaps without memory, whatever the server does
///     bursty    open loop: a Poisson stream whose rate changes between two states (MMPP)
///     trace     the instants that were recorded
///     closed    each of a number of clients thinks, asks, waits for the answer, thinks again
///
/// Why open and closed are told apart: a closed loop asks less when the server is slow, so it
/// hides what a stall does to those who would have come (B. Schroeder, A. Wierman and M.
/// Harchol-Balter, "Open versus closed: a cautionary tale", NSDI 2006).
///
/// Source of bursty: W. Fischer and K. Meier-Hellstern, "The Markov-modulated Poisson process
/// (MMPP) cookbook", Performance Evaluation 18, 1993.
///
/// Invariant: instants never go back; a function of the seed alone (closed: and of the answers).

#include <span>

#include "kernel/abi/types.hpp"
#include "libos/load/fixed_math.hpp"
#include "libos/load/random.hpp"

namespace libos::load {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::never;

/// Exponential, of `mean` at most 2^40 ns.
[[nodiscard]] inline Nanoseconds draw_exponential(Random& random, Nanoseconds mean) {
    return Nanoseconds{times_minus_ln(mean.value, random.draw() | 1)};
}

class Poisson {
public:
    Poisson(Random random, Instant start, Nanoseconds gap_mean)
        : random_{random}, clock_{start}, gap_mean_{gap_mean} {}

    [[nodiscard]] Instant next() {
        clock_ = Instant{clock_.value + draw_exponential(random_, gap_mean_).value};
        return clock_;
    }

private:
    Random random_;
    Instant clock_;
    Nanoseconds gap_mean_;
};

/// One state of a bursty stream. A gap of 0: no arrivals in it.
struct Phase {
    Nanoseconds length_mean;
    Nanoseconds gap_mean;
};

class Bursty {
public:
    /// Begins in the first phase. At least one of them has arrivals.
    Bursty(Random random, Instant start, Phase first, Phase second)
        : random_{random}, clock_{start}, phases_{first, second} {
        CHITIN_ASSERT(first.gap_mean.value + second.gap_mean.value > 0);
        CHITIN_ASSERT(first.length_mean.value > 0 && second.length_mean.value > 0);
        enter(0);
    }

    /// Because neither gaps nor phases have a memory, a gap that ends behind its phase is drawn
    /// anew in the next one.
    [[nodiscard]] Instant next() {
        for (;;) {
            const Nanoseconds mean = phases_[at_].gap_mean;
            if (mean.value != 0) {
                const Instant due{clock_.value + draw_exponential(random_, mean).value};
                if (due < phase_end_) return clock_ = due;
            }
            clock_ = phase_end_;
            enter(at_ ^ 1);
        }
    }

private:
    void enter(unsigned phase) {
        at_ = phase;
        const Nanoseconds length = draw_exponential(random_, phases_[phase].length_mean);
        phase_end_ = Instant{clock_.value + length.value};
    }

    Random random_;
    Instant clock_;
    Phase phases_[2];
    unsigned at_ = 0;
    Instant phase_end_{0};
};

/// `never` after the last one. What was recorded, from `start` on, ascends and outlives it.
class TraceArrivals {
public:
    TraceArrivals(std::span<const Nanoseconds> recorded, Instant start)
        : recorded_{recorded}, start_{start} {}

    [[nodiscard]] Instant next() {
        if (at_ == recorded_.size()) return never;
        return Instant{start_.value + recorded_[at_++].value};
    }

private:
    std::span<const Nanoseconds> recorded_;
    Instant start_;
    std::size_t at_ = 0;
};

/// When a client asks again, after an answer at `answered`.
class ClosedLoop {
public:
    ClosedLoop(Random random, Nanoseconds think_mean) : random_{random}, think_mean_{think_mean} {}

    [[nodiscard]] Instant next(Instant answered) {
        return Instant{answered.value + draw_exponential(random_, think_mean_).value};
    }

private:
    Random random_;
    Nanoseconds think_mean_;
};

}  // namespace libos::load

#pragma once

/// Round robin: the runnable tasks take turns of one quantum.
///
/// Why: the simplest policy under which no job can delay another by more than its share. The
/// quantum trades switches against how long a short job waits behind long ones.
///
/// Source: L. Kleinrock, "Analysis of a time-shared processor", Naval Research Logistics
/// Quarterly 11(1), 1964. A task stopped within its quantum goes on first, with the rest of it.
/// Reads Config::quantum. O(1) each.

#include "libos/sched/rotation.hpp"

namespace libos::sched {

class RoundRobin : public Rotation {
public:
    static constexpr std::string_view name = "round-robin";
    static constexpr std::string_view summary = "take turns of one quantum";
    static constexpr std::string_view paper = "Kleinrock 1964";

    RoundRobin(kernel::base::Arena& arena, const Config& config)
        : Rotation{arena, config}, quantum_{config.quantum} {}

    Choice pick(Instant) { return next(quantum_); }
    void stop(TaskId task, Nanoseconds ran, Stop why, Instant) { put_back(task, ran, why); }

private:
    Nanoseconds quantum_;
};

}  // namespace libos::sched

#pragma once

/// Strategies: which of the legal schedules a run takes.
///
/// Why stalls are enough: what the kernel and its environments do is fixed by the cores' virtual
/// times. A core that stands still lets others go first, and the slice of whoever runs there
/// passes, so it preempts; and it is legal at any time, as for a virtual CPU whose host is busy.
///
///  - random: each event is followed by a stall with a chance drawn for the run, of a length drawn
///    on a logarithmic scale up to two slices.
///  - pct:D: cores have random priorities; a core waits while one above it has something to do; at
///    D-1 random events the core that is there is preempted and falls below all others (Burckhardt
///    et al., A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010).
///  - bounded:N: all ways to preempt at most N times, one a run (Musuvathi and Qadeer, Iterative
///    Context Bounding for Systematic Testing of Multithreaded Programs, PLDI 2007).
///  - round-robin: every run a preemption each so many events, of 1 to 64.
///  - slow: one core runs 2 to 16 times slower than the others, its idle time too, but stands still
///    for two slices at most.
///  - none: no stall. Faults may still be drawn.
///  - portfolio: random, pct:2, pct:3, round-robin, slow in turn.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/abi/types.hpp"
#include "sim/engine/promises.hpp"

namespace sim::explore {

/// Where a stall may begin: right after an event.
struct Moment {
    std::uint32_t core = 0;
    std::uint64_t of_core = 0;  ///< the event's number on its core, from 1
    std::uint64_t of_all = 0;   ///< and among those of all cores
    kernel::abi::Instant now{};
    const engine::Promises& promises;
};

class Strategy {
public:
    virtual ~Strategy() = default;
    /// Nanoseconds; 0: none.
    virtual std::uint64_t stall(const Moment& moment) = 0;
};

/// What is known of a cell from the run without interference.
struct Baseline {
    std::uint32_t cores = 1;
    std::uint64_t slice_ns = 0;
    std::uint64_t events = 0;
    std::uint64_t time_ns = 0;
};

enum class StrategyKind : std::uint8_t {
    none,
    random,
    pct,
    bounded,
    round_robin,
    slow,
    portfolio,
};

struct StrategyChoice {
    StrategyKind kind = StrategyKind::portfolio;
    std::uint32_t depth = 0;  ///< of pct, from 1; of bounded, from 1 to 3

    /// `random`, `pct:3`, ... Error: what was expected instead.
    static std::expected<StrategyChoice, std::string> parse(std::string_view text);
    [[nodiscard]] std::string text() const;

    /// What the run number `run` of a portfolio is; itself otherwise.
    [[nodiscard]] StrategyChoice of_run(std::uint64_t run) const;
    /// How many runs there are; 0: no end.
    [[nodiscard]] std::uint64_t runs_of(const Baseline& baseline) const;
};

[[nodiscard]] std::unique_ptr<Strategy> make_strategy(const StrategyChoice& choice,
                                                      const Baseline& baseline,
                                                      std::uint64_t seed, std::uint64_t run);

}  // namespace sim::explore

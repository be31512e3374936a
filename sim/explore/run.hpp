#pragma once

/// One explored run: a cell on the hosted machine, interfered with, checked and judged.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sim/engine/cell_result.hpp"
#include "sim/explore/recorder.hpp"
#include "sim/machine/disk/bus.hpp"

namespace sim::machine {
class Machine;
}

namespace sim::explore {

/// A run with so many times the events or the virtual time of the one without interference, and a
/// little more, does not end.
inline constexpr std::uint64_t times_baseline = 50;
/// After so many times the events nothing more is decided: from then on whoever can run gets on.
inline constexpr std::uint64_t times_quiet = 8;

/// What a run is made from: a bundle's cell, what the run without interference was like, and what
/// is looked at.
struct Subject {
    std::span<const std::byte> bundle;
    std::uint32_t cell = 0;
    bool several_cores = false;
    Baseline baseline;
    double seconds_max = 120;        ///< of host time, for a run in a process of its own
    std::uint64_t check_every = 97;  ///< events between two looks of the checkers; 0: none
    /// The cell's disks, new for each run; empty: it has none. Error: one sentence.
    std::function<std::expected<std::vector<machine::disk::DiskSpec>, std::string>()> disks = {};
    /// For a debugger: told of the machine before it starts.
    std::function<void(const machine::Machine&)> on_machine = {};

    /// Far more than a run needs that is merely late.
    [[nodiscard]] Limits limits() const;
};

/// Kinds of failure, so that a shrunk run is known to fail in the same way.
enum class Failure : std::uint8_t {
    none,
    crash,      ///< the kernel's assertion, a signal, a sanitizer: its process died
    checker,    ///< an invariant does not hold
    violation,  ///< a program's result line says so: {"violation": "..."}
    ended,      ///< an environment's or the cell's end is none that was expected
    endless,    ///< virtual time or events far beyond the run without interference
};
[[nodiscard]] std::string_view name_of(Failure failure);

struct RunReport {
    Failure failure = Failure::none;
    std::string text;  ///< one sentence; empty: nothing failed
    Decisions decisions;
    std::uint64_t probes = 0;
    std::uint64_t events = 0;
    std::uint64_t time_ns = 0;
    std::uint64_t hash = 0;  ///< of the whole history
};

/// `start`: of the checkers' stride, so that different runs look after different events.
/// `watch`: told of every decision as it is made, and after which event (of stalls and kills).
[[nodiscard]] RunReport run(
    const Subject& subject, Chooser& chooser, std::uint64_t start,
    const std::function<void(const Recorder&, const Decision&, const kernel::abi::Event*)>& watch =
        {});

}  // namespace sim::explore

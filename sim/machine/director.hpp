// Director: interferes with a machine within what real hardware may do, to search for bugs.
//
// The simulated machine is deterministic: without a director a seed has one history. A director
// chooses among the others that are just as legal: a core stands still for a while (as a virtual
// CPU does that its host takes away), a frame is refused, a message is late, an environment dies.
// What it answers must be a function of what it was asked, so that its choices can be replayed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel/abi/event.hpp"
#include "kernel/machine/site.hpp"
#include "sim/engine/promises.hpp"

namespace sim::machine {

// What happens right after an event, on the core that it happened on.
struct Interference {
    std::uint64_t stall_ns = 0;  // the core's time goes on by so much, and nothing happens in it
    std::uint64_t stall_after_ns = 0;  // where instructions are counted: from so much later on, or
                                       // from the next event on if that comes first
    bool kill = false;           // the environment that would run next there ends, as a runaway
    bool stop = false;           // the machine stops here for good, its result unfinished
};

// What a director may know of the machine.
class MachineView {
public:
    virtual ~MachineView() = default;

    // Until when each core sends nothing (engine/promises.hpp).
    [[nodiscard]] virtual const engine::Promises& promises() const = 0;
    // The functions that the environment on that core is in, the innermost first, as far as its
    // stack tells; empty where none has run. For people to read.
    [[nodiscard]] virtual std::vector<std::string> stack_of(std::uint32_t core) const = 0;
    // The machine's memory from kernel::machine::pool_first on.
    [[nodiscard]] virtual std::span<const std::byte> pool() const = 0;
    // An address whose translation the core may still use, which its tables no longer have.
    [[nodiscard]] virtual std::optional<std::uint64_t> stale_page(std::uint32_t core) const = 0;
};

class Director {
public:
    virtual ~Director() = default;

    // The machine begins; `machine` is there until it has ended.
    virtual void begins(const MachineView& machine) = 0;
    virtual Interference after_event(std::uint32_t core, const kernel::abi::Event& event,
                                     kernel::abi::Instant now) = 0;
    // A stall that was to begin later begins.
    virtual void stalls(std::uint32_t core) = 0;
    // kernel/machine/site.hpp.
    virtual std::uint64_t disturb(std::uint32_t core, kernel::machine::Site site) = 0;
    virtual void reached(kernel::machine::Probe probe) = 0;
};

}  // namespace sim::machine

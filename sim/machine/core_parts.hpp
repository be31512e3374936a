// CoreParts: what belongs to a core but is no business of the kernel's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "kernel/machine/machine.hpp"
#include "sim/engine/fiber.hpp"
#include "sim/engine/journal.hpp"
#include "sim/engine/promises.hpp"
#include "sim/host/code_memory.hpp"
#include "sim/host/memory_file.hpp"
#include "sim/machine/disk/bus.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/machine/mmu.hpp"

namespace sim::machine {

inline constexpr std::size_t stack_words_max = 24;

// Where an environment was when the watchdog stopped it.
struct RunawayReport {
    bool happened = false;
    std::uint64_t rip = 0;
    std::size_t words = 0;
    std::array<std::uint64_t, stack_words_max> stack{};  // what may be return addresses
};

class CoreParts {
public:
    CoreParts(host::AddressWindow& window, std::uint64_t window_base,
              const host::MemoryFile& memory, std::uint32_t tlb_pages,
              const HostedOptions& machine_options, engine::Journal& machine_journal,
              engine::Promises& machine_promises, bool& machine_stopped)
        : ram{memory.view()},
          mmu{window, window_base, memory,
              kernel::abi::address_of(kernel::machine::pool_first), tlb_pages},
          options{machine_options},
          journal{machine_journal},
          promises{machine_promises},
          stopped{machine_stopped} {}

    std::span<std::byte> ram;
    Mmu mmu;
    const HostedOptions& options;
    engine::Journal& journal;
    engine::Promises& promises;
    bool& stopped;  // the machine's: the director wants no more of it
    engine::Fiber* fiber = nullptr;
    std::array<std::optional<host::CodeMemory>, kernel::machine::code_pages> code;
    disk::Bus* bus = nullptr;  // the machine's, for all cores; core 0's by the seam's rule

    // ---- the watchdog's
    std::uint64_t progress_seen = 0;
    unsigned ticks_unchanged = 0;
    RunawayReport runaway;
};

}  // namespace sim::machine

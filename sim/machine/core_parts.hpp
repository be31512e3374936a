// CoreParts: what belongs to a core but is no business of the kernel's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "kernel/machine/machine.hpp"
#include "sim/engine/fiber.hpp"
#include "sim/engine/journal.hpp"
#include "sim/host/memory_file.hpp"
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
    CoreParts(host::AddressWindow window, std::uint64_t window_base,
              const host::MemoryFile& memory, const HostedOptions& machine_options,
              engine::Journal& machine_journal)
        : ram{memory.view()},
          mmu{std::move(window), window_base, memory,
              kernel::abi::address_of(kernel::machine::pool_first), machine_options.tlb_pages},
          options{machine_options},
          journal{machine_journal} {}

    std::span<std::byte> ram;
    Mmu mmu;
    const HostedOptions& options;
    engine::Journal& journal;
    engine::Fiber* fiber = nullptr;

    // ---- the watchdog's
    std::uint64_t progress_seen = 0;
    unsigned ticks_unchanged = 0;
    RunawayReport runaway;
};

}  // namespace sim::machine

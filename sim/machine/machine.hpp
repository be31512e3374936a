// Machine: one simulated computer, from power-on to the end of one cell.
//
// Everything a machine has hangs on this object; several may exist one after another, and on
// different threads at the same time if their windows differ. Each core is a fiber with a
// kernel stack, a virtual time, an MMU and a window of its own (512 GiB apart).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "kernel/abi/bundle.hpp"
#include "kernel/machine/machine.hpp"
#include "sim/engine/cell_result.hpp"
#include "sim/machine/hosted.hpp"

namespace sim::machine {

struct MachineSpec {
    std::span<const std::byte> bundle;
    kernel::abi::CellRecord cell;
    std::uint32_t cell_index = 0;
    std::span<const kernel::abi::ProgramInfo> programs;
    HostedOptions options;
};

// What a core does from power-on: kernel::run_cell, or a test's own kernel.
using CoreEntry = std::function<kernel::machine::Outcome(kernel::machine::Core&,
                                                         const kernel::machine::BootInfo&)>;

class Machine {
public:
    // Error, in one sentence: memory or addresses that the host refuses.
    static std::expected<Machine, std::string> create(MachineSpec spec);
    Machine(Machine&&) noexcept;
    ~Machine();

    // Runs every core to its end; the outcomes are merged. Once per machine.
    engine::CellResult run(const CoreEntry& entry);

    kernel::machine::Core& core(std::size_t index);

private:
    struct Inside;

    explicit Machine(std::unique_ptr<Inside> inside);

    std::unique_ptr<Inside> inside_;
};

// The window where the build puts it.
std::uint64_t default_window_base();

}  // namespace sim::machine

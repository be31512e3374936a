// Power: leaving the machine, with a code where somebody listens for one.
#pragma once

#include <cstdint>

namespace kernel::bare {

// As QEMU's isa-debug-exit gets it: the process's exit code is value * 2 + 1. Chosen so that
// none is one of QEMU's own. sim/testbed/boot reads them.
enum class Exit : std::uint8_t { succeeded = 0x10, cell_failed = 0x11, panicked = 0x12 };

// isa-debug-exit if there is one, else ACPI's power off where QEMU has it (q35, then pc),
// else it halts.
[[noreturn]] void power_off(Exit code);
// Only this core.
[[noreturn]] void core_off();

}  // namespace kernel::bare

#include "kernel/bare/x86_64/power.hpp"

#include "kernel/bare/x86_64/ports.hpp"

namespace kernel::bare {

void power_off(Exit code) {
    constexpr std::uint16_t debug_exit = 0xf4;
    constexpr std::uint16_t power_control_q35 = 0x604, power_control_old = 0xb004;
    constexpr std::uint16_t soft_off = 0x2000;
    out8(debug_exit, static_cast<std::uint8_t>(code));
    out16(power_control_q35, soft_off);
    out16(power_control_old, soft_off);
    core_off();
}

void core_off() {
    for (;;) asm volatile("cli; hlt");
}

}  // namespace kernel::bare

// The local APIC's timer, the watchdog against environments that never enter the kernel, and
// the old interrupt controllers, masked. [intel/vol3] 11.5.4
#pragma once

#include <cstdint>

namespace kernel::bare {

inline constexpr std::uint32_t timer_vector = 32;
inline constexpr std::uint64_t timer_ticks_per_second = 10;
inline constexpr std::uint64_t watchdog_seconds_default = 30;

// Calibrates against the PIT and starts the periodic timer. Needs paging's apic_address.
void timer_start();
void timer_acknowledge();

}  // namespace kernel::bare

// The local APIC ([intel/vol3] 11): the timer, which is the watchdog against environments that
// never enter the kernel; interrupts from core to core; and how a core waits for one. The old
// interrupt controllers are masked.
//
// Its registers are memory (xAPIC) or, where the firmware left it so or a processor's number
// needs it, model-specific registers (x2APIC, 11.12).
#pragma once

#include <atomic>
#include <cstdint>

namespace kernel::bare {

inline constexpr std::uint32_t timer_vector = 32;
inline constexpr std::uint32_t wake_vector = 33;
inline constexpr std::uint64_t timer_ticks_per_second = 10;
inline constexpr std::uint64_t watchdog_seconds_default = 30;

// Commands of apic_send, figure 11-12; the low byte of the first and the last is a vector.
inline constexpr std::uint32_t send_interrupt = 0x4000, send_nmi = 0x4400;
inline constexpr std::uint32_t send_init = 0x4500, send_startup = 0x4600;

// On core 0, once: masks the old controllers, chooses the mode, calibrates the timer against
// the PIT. Needs paging's apic_address.
void apic_start(bool wide_ids);
// On every core.
void apic_enable();
std::uint32_t apic_id();
void apic_send(std::uint32_t id, std::uint32_t command);
void timer_run(bool on);
void interrupt_acknowledge();

// Waits 1/100 s, or until `done` is not 0 any more. On core 0 only: there is one PIT.
void pit_wait(const std::atomic<std::uint32_t>& done);

// Waits for an interrupt; the only place where the kernel takes one. Called with interrupts
// off: one that came since the caller last looked is pending and ends this at once (`sti`
// takes effect behind the next instruction, [intel/vol2] STI).
inline void halt() {
    asm volatile("sti; hlt; cli" : : : "memory");
    interrupt_acknowledge();
}

}  // namespace kernel::bare

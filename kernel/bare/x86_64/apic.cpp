#include "kernel/bare/x86_64/apic.hpp"

#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/ports.hpp"

namespace kernel::bare {
namespace {

// Register offsets, [intel/vol3] table 11-1.
constexpr std::uint32_t end_of_interrupt = 0xb0;
constexpr std::uint32_t spurious = 0xf0;
constexpr std::uint32_t timer_entry = 0x320;
constexpr std::uint32_t initial_count = 0x380;
constexpr std::uint32_t current_count = 0x390;
constexpr std::uint32_t divide = 0x3e0;

constexpr std::uint32_t periodic = 1 << 17;
constexpr std::uint32_t masked = 1 << 16;
constexpr std::uint32_t divide_by_16 = 3;
// Spurious interrupts take the timer's vector: an extra tick is harmless.
constexpr std::uint32_t apic_enabled = 1 << 8;
constexpr std::uint32_t msr_apic_base = 0x1b;

constexpr std::uint32_t pit_hertz = 1193182;
constexpr std::uint32_t calibrations_per_second = 100;

volatile std::uint32_t& apic(std::uint32_t offset) {
    return *reinterpret_cast<volatile std::uint32_t*>(apic_address + offset);
}

// Waits 1/100 s on the PIT's channel 2, whose output can be read at port 0x61.
void pit_wait() {
    constexpr std::uint32_t count = pit_hertz / calibrations_per_second;
    const auto gate = static_cast<std::uint8_t>(in8(0x61) & ~3u);
    out8(0x61, gate);
    out8(0x43, 0xb0);  // channel 2, both bytes, mode 0
    out8(0x42, count & 0xff);
    out8(0x42, count >> 8);
    out8(0x61, gate | 1);
    // A machine whose PIT never answers must still boot: bounded.
    constexpr std::uint32_t polls_max = 10'000'000;
    for (std::uint32_t poll = 0; poll < polls_max && (in8(0x61) & 0x20) == 0; ++poll) {
    }
}

void mask_old_controllers() {
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

}  // namespace

void timer_start() {
    mask_old_controllers();
    write_msr(msr_apic_base, read_msr(msr_apic_base) | 1 << 11);
    apic(spurious) = apic_enabled | timer_vector;
    apic(divide) = divide_by_16;
    apic(timer_entry) = masked | timer_vector;
    apic(initial_count) = ~0u;
    pit_wait();
    const std::uint32_t counted = ~0u - apic(current_count);
    apic(timer_entry) = periodic | timer_vector;
    apic(initial_count) =
        counted * static_cast<std::uint32_t>(calibrations_per_second / timer_ticks_per_second);
}

void timer_acknowledge() { apic(end_of_interrupt) = 0; }

}  // namespace kernel::bare

#include "kernel/bare/x86_64/apic.hpp"

#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/ports.hpp"

namespace kernel::bare {
namespace {

// Register offsets, [intel/vol3] table 11-1; in x2APIC mode MSR 0x800 + offset / 16.
constexpr std::uint32_t identification = 0x20;
constexpr std::uint32_t end_of_interrupt = 0xb0;
constexpr std::uint32_t spurious = 0xf0;
constexpr std::uint32_t command_low = 0x300;
constexpr std::uint32_t command_high = 0x310;
constexpr std::uint32_t timer_entry = 0x320;
constexpr std::uint32_t initial_count = 0x380;
constexpr std::uint32_t current_count = 0x390;
constexpr std::uint32_t divide = 0x3e0;

constexpr std::uint32_t periodic = 1 << 17;
constexpr std::uint32_t command_pending = 1 << 12;
constexpr std::uint32_t divide_by_16 = 3;
// Spurious interrupts take the timer's vector: an extra tick is harmless.
constexpr std::uint32_t apic_enabled = 1 << 8;
constexpr std::uint32_t msr_apic_base = 0x1b;
constexpr std::uint32_t base_enabled = 1 << 11, base_x2apic = 1 << 10;
constexpr std::uint32_t msr_x2apic = 0x800;

constexpr std::uint32_t pit_hertz = 1193182;
constexpr std::uint32_t calibrations_per_second = 100;

// Set by core 0 before there are others.
constinit bool x2apic = false;
constinit std::uint32_t ticks_count = 0;

volatile std::uint32_t& memory(std::uint32_t offset) {
    return *reinterpret_cast<volatile std::uint32_t*>(apic_address + offset);
}

std::uint32_t apic_read(std::uint32_t offset) {
    if (!x2apic) return memory(offset);
    return static_cast<std::uint32_t>(read_msr(msr_x2apic + offset / 16));
}

void apic_write(std::uint32_t offset, std::uint64_t value) {
    if (x2apic) return write_msr(msr_x2apic + offset / 16, value);
    memory(offset) = static_cast<std::uint32_t>(value);
}

}  // namespace

// On the PIT's channel 2, whose output can be read at port 0x61.
void pit_wait(const std::atomic<std::uint32_t>& done) {
    constexpr std::uint32_t count = pit_hertz / calibrations_per_second;
    const auto gate = static_cast<std::uint8_t>(in8(0x61) & ~3u);
    out8(0x61, gate);
    out8(0x43, 0xb0);  // channel 2, both bytes, mode 0
    out8(0x42, count & 0xff);
    out8(0x42, count >> 8);
    out8(0x61, gate | 1);
    // A machine whose PIT never answers must still boot: bounded.
    constexpr std::uint32_t polls_max = 10'000'000;
    for (std::uint32_t poll = 0;
         poll < polls_max && (in8(0x61) & 0x20) == 0 && done.load() == 0; ++poll) {
    }
}

void apic_start(bool wide_ids) {
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    x2apic = wide_ids || (read_msr(msr_apic_base) & base_x2apic) != 0;
    apic_enable();
    const std::atomic<std::uint32_t> never_done = 0;
    apic_write(initial_count, ~0u);
    pit_wait(never_done);
    const std::uint32_t counted = ~0u - apic_read(current_count);
    ticks_count =
        counted * static_cast<std::uint32_t>(calibrations_per_second / timer_ticks_per_second);
    timer_run(false);
}

void apic_enable() {
    write_msr(msr_apic_base,
              read_msr(msr_apic_base) | base_enabled | (x2apic ? base_x2apic : 0));
    apic_write(spurious, apic_enabled | timer_vector);
    apic_write(divide, divide_by_16);
    apic_write(timer_entry, periodic | timer_vector);
}

std::uint32_t apic_id() {
    const std::uint32_t id = apic_read(identification);
    return x2apic ? id : id >> 24;
}

void apic_send(std::uint32_t id, std::uint32_t command) {
    if (x2apic) return apic_write(command_low, std::uint64_t{id} << 32 | command);
    apic_write(command_high, id << 24);
    apic_write(command_low, command);
    constexpr std::uint32_t polls_max = 1'000'000;  // it takes a few
    for (std::uint32_t poll = 0;
         poll < polls_max && (apic_read(command_low) & command_pending) != 0; ++poll) {
    }
}

// A count of 0 stops it.
void timer_run(bool on) { apic_write(initial_count, on ? ticks_count : 0); }

void interrupt_acknowledge() { apic_write(end_of_interrupt, 0); }

}  // namespace kernel::bare

#include "kernel/bare/x86_64/cores.hpp"

#include <cstring>

#include "kernel/bare/x86_64/apic.hpp"
#include "kernel/bare/x86_64/cpu.hpp"
#include "kernel/bare/x86_64/descriptors.hpp"
#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/paging.hpp"
#include "kernel/bare/x86_64/panic.hpp"
#include "kernel/bare/x86_64/promises.hpp"

extern "C" const char chitin_trampoline[], chitin_trampoline_end[];

namespace kernel::bare {

// The root of the core that is being started: boot.S.
extern "C" {
constinit std::uint32_t chitin_core_root = 0;
}

namespace {

constexpr std::uint64_t trampolines_begin = 0x8000, trampolines_end = 0xa'0000;

using Count = std::atomic<std::uint32_t>;

CHITIN_OWN machine::Core own_core{};

struct Other {
    std::uint32_t apic_id;
    Count called;  // to a cell
};

// What core 0 sets while no other core runs, and what they count.
constinit Other others[abi::cores_max] = {};  // by core; that of core 0 too
constinit std::uint32_t trampoline = 0;
constinit std::uint32_t starting = 0;
constinit std::uint32_t started = 1;
constinit Count answered = 0;
constinit Count running = 0;
constinit CoreEntry cell_entry = nullptr;
constinit machine::BootInfo cell_boot{};
constinit machine::Outcome outcomes[abi::cores_max] = {};

void run_part(std::uint32_t core) {
    machine::BootInfo boot = cell_boot;
    boot.core = core;
    boot.pool_first = machine::part_first(*boot.cell, core);
    boot.tables_first.value += core * machine::bundle_table_frames(boot.bundle_bytes);
    own_core.begin_cell(boot);
    timer_run(true);
    outcomes[core] = cell_entry(own_core, boot);
    timer_run(false);
    load_kernel_root();
    own_core.end_cell();
}

void start(std::uint32_t core, std::uint64_t memory) {
    constexpr unsigned waits_max = 100;  // a second
    chitin_core_root = paging_for_core(memory);
    starting = core;
    answered.store(0);
    const std::uint32_t id = others[core].apic_id;
    apic_send(id, send_init);
    pit_wait(answered);
    for (unsigned wait = 0; answered.load() == 0; ++wait) {  // one that has started ignores a SIPI
        if (wait == waits_max) panic("a core does not start");
        apic_send(id, send_startup | trampoline >> abi::page_shift);
        pit_wait(answered);
    }
}

}  // namespace

machine::Core& this_core() { return own_core; }

void wake_core(std::uint32_t core) {
    apic_send(others[core].apic_id, send_interrupt | wake_vector);
}

void wait_for_wake() { halt(); }

void cores_prepare(const BootSources& sources) {
    for (std::uint64_t page = trampolines_begin; page < trampolines_end; page += abi::page_size) {
        if (!sources.usable(Range{page, page + abi::page_size})) continue;
        trampoline = static_cast<std::uint32_t>(page);
        std::memcpy(reinterpret_cast<void*>(page), chitin_trampoline,
                    static_cast<std::size_t>(chitin_trampoline_end - chitin_trampoline));
        return;
    }
    panic("no RAM below 1 MiB for other cores");
}

void cores_start(const Processors& processors, std::uint32_t wanted, std::uint64_t memory) {
    const std::uint32_t self = apic_id();
    others[0].apic_id = self;
    for (std::uint32_t i = 0; i < processors.count && started < wanted; ++i) {
        if (processors.apic_ids[i] == self) continue;
        others[started].apic_id = processors.apic_ids[i];
        start(started, memory);
        memory += core_bytes();
        ++started;
    }
}

// Where another core enters the image, on its own stack.
extern "C" [[noreturn]] void chitin_core_start() {
    descriptors_load();
    paging_own(chitin_core_root);
    cpu_enable();
    apic_enable();
    const std::uint32_t core = starting;
    own_core.set_id(core);
    answered.store(1);
    for (;;) {
        while (others[core].called.load() == 0) halt();
        others[core].called.store(0);
        run_part(core);
        if (running.fetch_sub(1) == 1) wake_core(0);
    }
}

machine::Outcome cores_run(CoreEntry entry, const machine::BootInfo& boot) {
    const std::uint32_t cores = boot.cell->cores;
    cell_entry = entry;
    cell_boot = boot;
    promises.begin(cores, boot.cell->costs.latency);
    running.store(cores - 1);
    for (std::uint32_t core = 1; core < cores; ++core) {
        others[core].called.store(1);
        wake_core(core);
    }
    run_part(0);
    while (running.load() != 0) halt();
    machine::Outcome whole = outcomes[0];
    for (std::uint32_t core = 1; core < cores; ++core) merge(whole, outcomes[core]);
    return whole;
}

void cores_stop() {
    const std::uint32_t self = own_core.id().value;
    for (std::uint32_t core = 0; core < started && started > 1; ++core) {
        if (core != self) apic_send(others[core].apic_id, send_nmi);
    }
}

}  // namespace kernel::bare

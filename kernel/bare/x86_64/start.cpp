// Start: from boot.S to the first cell, through all cells, to the end.
#include <cstring>

#include "kernel/bare/x86_64/apic.hpp"
#include "kernel/bare/x86_64/boot_sources.hpp"
#include "kernel/bare/x86_64/bus/bus.hpp"
#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/cores.hpp"
#include "kernel/bare/x86_64/cpu.hpp"
#include "kernel/bare/x86_64/descriptors.hpp"
#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/paging.hpp"
#include "kernel/bare/x86_64/panic.hpp"
#include "kernel/bare/x86_64/power.hpp"
#include "kernel/bare/x86_64/programs.hpp"
#include "kernel/bare/x86_64/report.hpp"
#include "kernel/bare/x86_64/selftest.hpp"
#include "kernel/entry.hpp"

namespace kernel::bare {
namespace {

constexpr std::uint64_t pool_begin = abi::address_of(machine::pool_first).value;

// Where the parts of one cell's memory begin; its end is the disk frames' end.
struct CellMemory {
    std::uint64_t bundle, tables, rings, disks, end;
};

// The bundle, which moves: each cell has it right behind its own pool. memmove() may overlap.
struct Bundle {
    const std::byte* blob;
    std::uint64_t physical;
    std::uint64_t bytes;

    const abi::BundleHeader& header() const {
        return *reinterpret_cast<const abi::BundleHeader*>(blob);
    }
    const abi::CellRecord& cell(std::uint32_t index) const {
        const std::byte* cells = blob + header().cells_offset;
        return reinterpret_cast<const abi::CellRecord*>(cells)[index];
    }
    void move(std::uint64_t to) {
        if (to == physical) return;
        std::memmove(direct(to), blob, bytes);
        blob = direct(to);
        physical = to;
    }
};

constexpr std::uint64_t page_up(std::uint64_t value) {
    return (value + abi::page_size - 1) & ~(abi::page_size - 1);
}

CellMemory lay_out(const Bundle& bundle, std::uint32_t index) {
    const abi::CellRecord& cell = bundle.cell(index);
    const std::uint64_t tables = machine::bundle_table_frames(bundle.bytes) * abi::page_size;
    CellMemory memory{};
    memory.bundle = pool_begin + cell.pool_frames * abi::page_size;
    memory.tables = page_up(memory.bundle + bundle.bytes);
    memory.rings = memory.tables + cell.cores * tables;
    memory.disks = memory.rings + machine::ring_frames(cell.cores) * abi::page_size;
    memory.end = memory.disks + machine::disk_frames(cell) * abi::page_size;
    return memory;
}

// What the most demanding cells need.
struct Needs {
    std::uint64_t cells_end;  // behind it: what the other cores have of their own
    std::uint32_t cores, disks;

    std::uint64_t end() const { return cells_end + (cores - 1) * core_bytes(); }
};

Needs needs_of(const Bundle& bundle) {
    Needs needs{0, 1, 0};
    for (std::uint32_t i = 0; i < bundle.header().cell_count; ++i) {
        const std::uint64_t end = lay_out(bundle, i).end;
        const std::uint32_t cores = bundle.cell(i).cores;
        needs.cells_end = end > needs.cells_end ? end : needs.cells_end;
        needs.cores = cores > needs.cores ? cores : needs.cores;
        const std::uint32_t disks = bundle.cell(i).disk_count;
        needs.disks = disks > needs.disks ? disks : needs.disks;
    }
    return needs;
}

void check_machine(const BootSources& sources, const Needs& needs,
                   const Processors& processors) {
    if (needs.cores > processors.count) {
        refuse("this bundle needs ", needs.cores, " cores, the machine has ", processors.count);
    }
    const std::uint64_t end = needs.end();
    if (end > direct_end || !sources.usable(Range{pool_begin, end})) {
        refuse("not enough memory: RAM is needed up to MiB ", (end + (1 << 20) - 1) >> 20,
               ", without a hole from MiB ", pool_begin >> 20);
    }
}

machine::Outcome run_one(Bundle& bundle, std::uint32_t index, bool xsave) {
    const CellMemory memory = lay_out(bundle, index);
    bundle.move(memory.bundle);
    std::memset(direct(pool_begin), 0, memory.bundle - pool_begin);
    std::memset(direct(memory.bundle + bundle.bytes), 0,
                memory.end - memory.bundle - bundle.bytes);
    const abi::CellRecord& cell = bundle.cell(index);
    const machine::BootInfo boot{
        .cell = &cell,
        .cell_index = index,
        .core = 0,
        .pool_first = machine::part_first(cell, 0),
        .pool_frames = machine::part_frames(cell),
        .bundle_first = abi::frame_of(abi::PhysAddr{memory.bundle}),
        .bundle_bytes = bundle.bytes,
        .tables_first = abi::frame_of(abi::PhysAddr{memory.tables}),
        .rings_first = abi::frame_of(abi::PhysAddr{memory.rings}),
        .disks_first = abi::frame_of(abi::PhysAddr{memory.disks}),
        .window_base = window_base,
        .xsave = xsave,
        .programs = programs_map(bundle.blob, memory.bundle)};
    report_begin(index);
    const machine::Outcome outcome = cores_run(run_cell, boot);
    report_end(index, outcome);
    return outcome;
}

[[noreturn]] void run_all(Bundle& bundle, bool xsave) {
    const std::uint32_t cells = bundle.header().cell_count;
    std::uint32_t failed = 0;
    for (std::uint32_t i = 0; i < cells; ++i) {
        const machine::Outcome outcome = run_one(bundle, i, xsave);
        const bool good = outcome.exit_code == 0 && outcome.frames_lost == 0 &&
                          outcome.reason == abi::EndReason::exited;
        failed += good ? 0 : 1;
    }
    report_done(cells, failed);
    power_off(failed == 0 ? Exit::succeeded : Exit::cell_failed);
}

}  // namespace

extern "C" [[noreturn]] void chitin_start(std::uint32_t magic, std::uint64_t information) {
    console_start();
    put("chitin: bare x86-64\n");
    descriptors_make();
    descriptors_load();
    const bool xsave = cpu_enable();
    BootSources sources;
    boot_sources_read(sources, magic, information);
    const Range loaded = sources.bundle;
    // boot.S's identity map still shows the bundle where the loader put it.
    Bundle bundle{reinterpret_cast<const std::byte*>(loaded.begin), loaded.begin,
                  loaded.end - loaded.begin};
    if (const char* wrong = bundle_check(bundle.blob, bundle.bytes)) panic(wrong);
    bundle.bytes = bundle.header().size_bytes;
    const Needs needs = needs_of(bundle);
    Processors processors{};
    processors_read(processors, sources.rsdp);
    check_machine(sources, needs, processors);
    bundle.move(lay_out(bundle, 0).bundle);
    if (needs.cores > 1) cores_prepare(sources);
    paging_final(needs.end());
    screen_start();
    const std::uint32_t disks = bus_start(needs.disks);
    if (disks < needs.disks) {
        refuse("this bundle needs ", needs.disks, " disks, the machine has ", disks);
    }
    apic_start(processors.wide_ids);
    machine::Core::set_watchdog(sources.option("watchdog=", watchdog_seconds_default));
    cores_start(processors, needs.cores, needs.cells_end);
    programs_map(bundle.blob, bundle.physical);
    selftest(sources, bundle.cell(0));
    run_all(bundle, xsave);
}

}  // namespace kernel::bare

#include "sim/machine/machine.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "sim/engine/promises.hpp"
#include "sim/host/code_names.hpp"
#include "sim/host/guarded_stack.hpp"
#include "sim/host/interruption.hpp"
#include "sim/host/watchdog_timer.hpp"
#include "sim/machine/core_parts.hpp"
#include "sim/machine/director.hpp"
#include "sim/machine/gate.hpp"
#include "sim/machine/trap_entry.hpp"

namespace sim::machine {

namespace {

using kernel::abi::page_size;
using kernel::abi::window_size;
using kernel::machine::BootInfo;
using kernel::machine::Core;
using kernel::machine::pool_first;

constexpr std::size_t kernel_stack_bytes = 1 << 20;
// At address 0 the host forbids mappings, and a null pointer must fault anyway: slot 0 of a
// window that begins there is left to the host.
constexpr std::uint64_t low_addresses = kernel::abi::space_slot_size;

std::uint64_t pages(std::uint64_t bytes) { return (bytes + page_size - 1) / page_size; }

// Frames of the pool, the bundle and its tables, rings and disks.
std::uint64_t ram_frames(const MachineSpec& spec) {
    return spec.cell.pool_frames + pages(spec.bundle.size()) +
           spec.cell.cores * kernel::machine::bundle_table_frames(spec.bundle.size()) +
           kernel::machine::ring_frames(spec.cell.cores) + kernel::machine::disk_frames(spec.cell);
}

std::expected<host::AddressWindow, std::string> reserve_window(std::uint64_t base,
                                                               const host::MemoryFile& ram,
                                                               std::uint32_t pages_max) {
    const std::uint64_t skipped = base == 0 ? low_addresses : 0;
    return host::AddressWindow::reserve(base + skipped, window_size - skipped, ram, pages_max);
}

std::optional<std::string> wrong(const MachineSpec& spec) {
    using kernel::abi::frame_number_max;
    if (spec.options.window_base % window_size != 0) {
        return "the window's base is not a multiple of 512 GiB";
    }
    if (spec.options.tlb_pages == 0) return "the TLB needs at least one page";
    if (pool_first.value + ram_frames(spec) > frame_number_max.value) {
        return "pool and bundle need more than 128 GiB of physical memory";
    }
    if (spec.options.disks.size() < spec.cell.disk_count) {
        return "the cell has " + std::to_string(spec.cell.disk_count) +
               " disks, the machine was given " + std::to_string(spec.options.disks.size());
    }
    return std::nullopt;
}

// Where instructions are counted the kernel's work costs what it executes, not what a profile says;
// how far apart cores are remains the machine's.
kernel::abi::CostProfile own_costs(const kernel::abi::CostProfile& profile) {
    if (!CoreClock::counts_instructions) return profile;
    kernel::abi::CostProfile costs{};
    costs.latency = profile.latency;
    return costs;
}

std::string describe(const RunawayReport& report, double seconds) {
    const host::CodeNames names = host::CodeNames::of_this_program();
    std::string text = "an environment burnt " + std::to_string(seconds) +
                       " s of host time without entering the kernel, at " +
                       names.name(report.rip);
    for (std::size_t i = 0; i < report.words; ++i) {
        if (names.code(report.stack[i])) text += ", perhaps called from " +
                                                 names.name(report.stack[i]);
    }
    return text;
}

// A window, and the core whose translations it shows: where the host has room for one window
// only, the cores of a machine share it.
struct WindowUnit {
    explicit WindowUnit(host::AddressWindow reserved) : window{std::move(reserved)} {}

    host::AddressWindow window;
    CoreParts* user = nullptr;
};

struct CoreUnit {
    CoreUnit(kernel::abi::CoreId id, host::GuardedStack kernel_stack)
        : id{id}, stack{std::move(kernel_stack)} {}

    kernel::abi::CoreId id;
    host::GuardedStack stack;
    std::uint64_t window_base = 0;
    std::optional<CoreParts> parts;
    std::optional<Core> core;
    kernel::machine::Outcome outcome{};
};

}  // namespace

std::uint64_t default_window_base() { return CHITIN_WINDOW_BASE; }

struct Machine::Inside : MachineView {
    Inside(MachineSpec machine_spec, host::MemoryFile memory)
        : spec{std::move(machine_spec)},
          ram{std::move(memory)},
          journal{spec.cell.trace_full != 0, spec.cell.cores},
          cores_promises{spec.cell.cores, spec.cell.costs.latency},
          bus{std::span{spec.options.disks}.first(spec.cell.disk_count), ram.view(),
              kernel::abi::address_of(pool_first).value,
              [this](kernel::machine::Site site) {
                  Director* const director = spec.options.director;
                  return director == nullptr ? 0 : director->disturb(0, site);
              }} {}

    std::optional<std::string> add_window(std::uint64_t base);
    std::optional<std::string> add_core(std::uint64_t base);
    void lend_window(CoreUnit& unit);
    void run_core(CoreUnit& unit, engine::Fiber& fiber);
    bool load_bundle();
    BootInfo boot_info(const CoreUnit& unit) const;
    void run_cores(const CoreEntry& entry);

    const engine::Promises& promises() const override { return cores_promises; }
    std::vector<std::string> stack_of(std::uint32_t core) const override;
    std::span<const std::byte> pool() const override { return ram.view(); }
    std::optional<std::uint64_t> stale_page(std::uint32_t core) const override {
        return cores.at(core)->parts->mmu.stale();
    }

    MachineSpec spec;
    host::MemoryFile ram;
    engine::Journal journal;
    engine::Promises cores_promises;
    disk::Bus bus;
    bool stopped = false;
    mutable std::optional<host::CodeNames> names;  // read when first asked for
    std::vector<std::unique_ptr<WindowUnit>> windows;
    std::vector<std::unique_ptr<CoreUnit>> cores;
};

std::optional<std::string> Machine::Inside::add_window(std::uint64_t base) {
    // Where cores share one, all their pages may be shown there.
    const std::uint32_t cores_each = base == 0 ? 1 : spec.cell.cores;
    auto window =
        reserve_window(base, ram, std::max(spec.options.tlb_pages / cores_each, 1u));
    if (!window) return window.error();
    windows.push_back(std::make_unique<WindowUnit>(std::move(*window)));
    return std::nullopt;
}

std::optional<std::string> Machine::Inside::add_core(std::uint64_t base) {
    auto stack = host::GuardedStack::create(kernel_stack_bytes);
    if (!stack) return stack.error();
    const kernel::abi::CoreId id{static_cast<std::uint16_t>(cores.size())};
    cores.push_back(std::make_unique<CoreUnit>(id, std::move(*stack)));
    CoreUnit& unit = *cores.back();
    unit.window_base = base + (windows.size() - 1) * window_size;
    const std::uint32_t tlb_pages = std::max(spec.options.tlb_pages / spec.cell.cores, 1u);
    unit.parts.emplace(windows.back()->window, unit.window_base, ram, tlb_pages, spec.options,
                       journal, cores_promises, stopped);
    unit.parts->bus = &bus;
    unit.core.emplace(id, *unit.parts);
    return std::nullopt;
}

bool Machine::Inside::load_bundle() {
    return ram.write(spec.cell.pool_frames * page_size, spec.bundle);
}

BootInfo Machine::Inside::boot_info(const CoreUnit& unit) const {
    using kernel::abi::FrameNumber;
    const std::uint32_t core = unit.id.value;
    const std::uint32_t bundle_first = pool_first.value + spec.cell.pool_frames;
    const std::uint32_t tables_first =
        bundle_first + static_cast<std::uint32_t>(pages(spec.bundle.size()));
    const std::uint32_t tables = kernel::machine::bundle_table_frames(spec.bundle.size());
    const std::uint32_t rings_first = tables_first + spec.cell.cores * tables;
    return BootInfo{.cell = &spec.cell,
                    .cell_index = spec.cell_index,
                    .core = core,
                    .pool_first = kernel::machine::part_first(spec.cell, core),
                    .pool_frames = kernel::machine::part_frames(spec.cell),
                    .bundle_first = FrameNumber{bundle_first},
                    .bundle_bytes = spec.bundle.size(),
                    .tables_first = FrameNumber{tables_first + core * tables},
                    .rings_first = FrameNumber{rings_first},
                    .disks_first = FrameNumber{rings_first +
                                               kernel::machine::ring_frames(spec.cell.cores)},
                    .window_base = unit.window_base,
                    .xsave = chitin_xsave,
                    .programs = spec.programs};
}

// Where cores share a window: what the last one showed there goes.
void Machine::Inside::lend_window(CoreUnit& unit) {
    WindowUnit& window = *windows[std::min<std::size_t>(unit.id.value, windows.size() - 1)];
    if (window.user != nullptr && window.user != &*unit.parts) window.user->mmu.give_up_window();
    window.user = &*unit.parts;
}

void Machine::Inside::run_core(CoreUnit& unit, engine::Fiber& fiber) {
    {
        const engine::Unobserved host;
        lend_window(unit);
    }
    set_running_core(&*unit.core);
    select_clock(&unit.core->clock());
    fiber.resume();
    select_clock(nullptr);
    set_running_core(nullptr);
    if (fiber.finished()) cores_promises.end(unit.id.value);
}

// The engine: gives cores their turns until all have ended. Those of a machine that the director
// stopped are given up where they stand: a kernel holds nothing that is not the machine's.
void Machine::Inside::run_cores(const CoreEntry& entry) {
    std::vector<std::unique_ptr<engine::Fiber>> fibers;
    for (auto& unit : cores) {
        fibers.push_back(std::make_unique<engine::Fiber>(unit->stack.memory(), [&entry, this,
                                                                                &unit] {
            unit->outcome = entry(*unit->core, boot_info(*unit));
        }));
        const engine::Unobserved host;
        unit->parts->fiber = fibers.back().get();
        unit->core->set_stack(fibers.back()->mark());
    }
    while (!cores_promises.all_ended() && !stopped) {
        const std::size_t core = cores_promises.next();
        run_core(*cores[core], *fibers[core]);
    }
}

std::vector<std::string> Machine::Inside::stack_of(std::uint32_t core) const {
    const kernel::machine::UserContext* context = cores.at(core)->core->loaded();
    if (context == nullptr) return {};
    if (!names) names = host::CodeNames::of_this_program();
    std::vector<std::string> stack{names->name(context->regs.rip)};
    std::array<std::uint64_t, stack_words_max> words{};
    const std::size_t found = note_stack(words, cores[core]->parts->mmu, context->regs.rsp);
    for (std::size_t i = 0; i < found; ++i) {
        if (names->code(words[i])) stack.push_back(names->name(words[i]));
    }
    return stack;
}

Machine::Machine(std::unique_ptr<Inside> inside) : inside_{std::move(inside)} {}
Machine::Machine(Machine&&) noexcept = default;
Machine::~Machine() = default;

Core& Machine::core(std::size_t index) { return *inside_->cores.at(index)->core; }

std::expected<Machine, std::string> Machine::create(MachineSpec spec) {
    if (const auto error = wrong(spec)) return std::unexpected(*error);
    spec.cell.costs = own_costs(spec.cell.costs);
    auto ram = host::MemoryFile::create(ram_frames(spec) * page_size);
    if (!ram) return std::unexpected(ram.error());
    const std::uint64_t base =
        spec.options.window_base != 0 ? spec.options.window_base : default_window_base();
    const std::uint32_t cores = spec.cell.cores;
    // A window at 0 is a sanitizer's choice, which leaves no room for others.
    const std::uint32_t windows = base == 0 ? 1 : cores;
    auto inside = std::make_unique<Inside>(std::move(spec), std::move(*ram));
    for (std::uint32_t i = 0; i < cores; ++i) {
        if (i < windows) {
            if (auto error = inside->add_window(base + i * window_size)) {
                return std::unexpected(*error);
            }
        }
        if (auto error = inside->add_core(base)) return std::unexpected(*error);
    }
    if (!inside->load_bundle()) return std::unexpected("the host refuses memory for the bundle");
    return Machine{std::move(inside)};
}

engine::CellResult Machine::run(const CoreEntry& entry) {
    engine::CellResult result;
    const auto begin = std::chrono::steady_clock::now();
    chitin_xsave = host::xsave_supported();
    if (const char* problem = prepare_clock()) {
        result.cell = inside_->spec.cell_index;
        result.error = problem;
        return result;
    }
    host::route_interruptions(&take_interruption);
    auto signal_stack = host::SignalStack::create();
    if (!signal_stack) {
        result.cell = inside_->spec.cell_index;
        result.error = signal_stack.error();
        return result;
    }
    Director* const director = inside_->spec.options.director;
    std::atomic_ref{chitin_directed}.store(director != nullptr, std::memory_order_relaxed);
    if (director != nullptr) {
        director->begins(*inside_);
    }
    const double patience = inside_->spec.options.watchdog_seconds;
    {
        const host::WatchdogTimer watchdog{patience / watchdog_ticks};
        inside_->run_cores(entry);
    }
    result = inside_->journal.finish();
    result.cell = inside_->spec.cell_index;
    result.outcome = inside_->cores.front()->outcome;
    for (const auto& unit : inside_->cores) {
        if (unit != inside_->cores.front()) merge(result.outcome, unit->outcome);
        const RunawayReport& report = unit->parts->runaway;
        if (report.happened && result.error.empty()) result.error = describe(report, patience);
    }
    const std::string disks = inside_->bus.power_off();
    if (result.error.empty()) result.error = disks;
    result.host_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

}  // namespace sim::machine

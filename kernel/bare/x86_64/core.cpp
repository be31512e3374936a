// Core: what run() does besides calls, floating-point state, and output.
#include "kernel/bare/x86_64/apic.hpp"
#include "kernel/bare/x86_64/bus/bus.hpp"
#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/cpu.hpp"
#include "kernel/bare/x86_64/ports.hpp"
#include "kernel/bare/x86_64/paging.hpp"
#include "kernel/bare/x86_64/programs.hpp"
#include "kernel/bare/x86_64/promises.hpp"
#include "kernel/bare/x86_64/report.hpp"
#include "kernel/machine/machine.hpp"

namespace kernel::machine {
namespace {

// Flags an environment may choose ([intel/vol1] 3.4.3): the arithmetic ones and DF. IF is
// always on, IOPL 0; TF, NT, AC and the rest are off.
constexpr std::uint64_t user_flags = 0x0cd5;
constexpr std::uint64_t forced_flags = 0x0202;

constexpr std::uint32_t vector_page_fault = 14;
constexpr std::uint32_t vector_protection = 13;
constexpr std::uint64_t fault_bits =
    abi::fault_present | abi::fault_write | abi::fault_user | abi::fault_fetch;

// `resume` also counts timer ticks without an entry into the kernel: a value above
// Resume::full means full, after that many less one. The kernel never sees such a value.
constexpr std::uint64_t ticks_of(const UserContext& context) {
    const auto resume = static_cast<std::uint64_t>(context.resume);
    return resume > 1 ? resume - 1 : 0;
}

// All cores'; set before the others start.
constinit std::uint64_t ticks_max = 0;

}  // namespace

void Core::load(UserContext& context) {
    loaded_ = &context;
    bare::fp_restore(context.floating_point);
    bare::chitin_core_state.tss.rsp[0] =
        reinterpret_cast<std::uint64_t>(&context) + sizeof(context.regs);
}

Trap Core::run_full(UserContext& context) {
    if (context.regs.rip >> 47 != 0) {  // the fetch would fault: say so without trying
        context.resume = Resume::full;
        return Trap{TrapKind::exception, vector_protection, 0, abi::VirtAddr{}};
    }
    context.regs.cs = bare::user_code;
    context.regs.ss = bare::user_data;
    context.regs.rflags = (context.regs.rflags & user_flags) | forced_flags;
    if (enter<&chitin_enter_full>(context) == bare::Entry::call) {
        return Trap{TrapKind::call, 0, 0, abi::VirtAddr{}};
    }
    return after_trap(context);
}

Trap Core::after_trap(UserContext& context) {
    const auto vector = bare::trap_vector(bare::chitin_core_state.trap_place);
    const std::uint64_t error = bare::chitin_core_state.trap_error;
    if (vector >= bare::timer_vector) {
        if (interrupt(context, vector)) {
            context.resume = Resume::full;
            return Trap{TrapKind::runaway, 0, 0, abi::VirtAddr{}};
        }
        return run_full(context);
    }
    context.resume = Resume::full;
    if (vector == vector_page_fault) {
        return Trap{TrapKind::page_fault, vector, error & fault_bits,
                    abi::VirtAddr{bare::read_cr2()}};
    }
    return Trap{TrapKind::exception, vector, error, abi::VirtAddr{}};
}

// Counts the timer's; another core's comes late, for a wait that is over. True when the
// environment has run away.
bool Core::interrupt(UserContext& context, std::uint32_t vector) {
    bare::interrupt_acknowledge();
    const std::uint64_t ticks = ticks_of(context) + (vector == bare::timer_vector ? 1 : 0);
    context.resume = static_cast<Resume>(ticks + 1);
    return ticks > ticks_max;
}

void Core::fp_reset(UserContext& context) {
    if (loaded_ == &context) {
        loaded_ = nullptr;
    }
    bare::fp_initial(context.floating_point);
}

void Core::fp_release(UserContext& context) {
    if (loaded_ == &context) {
        bare::fp_save(context.floating_point);
        loaded_ = nullptr;
    }
}

void Core::prepare_root(std::span<std::uint64_t, 512> root) {
    bare::share_kernel_half(root);
    root[0] = bare::text_window_entry();
}

std::span<std::byte> Core::open_code(std::uint32_t page) { return bare::paging_open_code(page); }
const std::byte* Core::seal_code(std::uint32_t page) { return bare::paging_seal_code(page); }

void Core::set_watchdog(std::uint64_t seconds) {
    ticks_max = seconds * bare::timer_ticks_per_second;
}

void Core::begin_cell(const BootInfo& boot) {
    loaded_ = nullptr;
    now_ns_ = 0;
    cell_ = boot.cell_index;
    trace_ = boot.cell->trace_full != 0;
    alone_ = boot.cell->cores == 1;
}

void Core::end_cell() {
    if (!alone_) bare::promises.end(id_);
}

abi::Instant Core::synchronise(abi::Instant next) {
    return alone_ ? abi::never : bare::promises.synchronise(id_, next);
}

void Core::notify(abi::CoreId core, abi::Instant arrival) {
    bare::promises.notify(id_, core.value, arrival);
}

std::uint64_t Core::interrupts() { return bare::promises.notified(id_); }

Device Core::device(std::uint32_t number) { return bare::bus_device(number); }
std::uint32_t Core::device_read(const Register& place) { return bare::bus_read(place); }
void Core::device_write(const Register& place, std::uint32_t value) {
    bare::bus_write(place, value);
}

void Core::print(abi::EnvId env, abi::Channel channel, std::string_view text) {
    bare::report_output(cell_, abi::machine_wide(id(), env), channel == abi::Channel::result,
                        text);
}

void Core::env_ended(abi::EnvId env, const abi::EnvInfo& info) {
    bare::report_env(cell_, abi::machine_wide(id(), env), info);
}

void Core::event(const abi::Event& event) {
    abi::Event wide = event;
    wide.env = abi::machine_wide(id(), event.env);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&wide);
    const bare::ConsoleLock whole_record;
    for (std::size_t i = 0; i < sizeof wide; ++i) {
        bare::out8(bare::debug_console_port, bytes[i]);
    }
}

}  // namespace kernel::machine

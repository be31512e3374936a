#include "sim/machine/trap_entry.hpp"

#include <cstdlib>
#include <unistd.h>

#include "core_clock.hpp"
#include "kernel/machine/machine.hpp"
#include "sim/machine/core_parts.hpp"
#include "sim/machine/gate.hpp"

// The linker's: where this executable's code lies.
extern "C" const char __executable_start, etext;

namespace sim::machine {

namespace {

using kernel::abi::VirtAddr;
using kernel::machine::Core;
using kernel::machine::Resume;
using kernel::machine::Trap;
using kernel::machine::TrapKind;
using kernel::machine::UserContext;

thread_local constinit Core* running_core = nullptr;

bool in_code(std::uint64_t address) {
    return address >= reinterpret_cast<std::uint64_t>(&__executable_start) &&
           address < reinterpret_cast<std::uint64_t>(&etext);
}

bool in_transit(std::uint64_t rip) {
    return rip >= code_address(chitin_transit_begin) && rip < code_address(chitin_transit_end);
}

// Out of the environment, into run() on the kernel's stack.
void leave(UserContext& context, host::InterruptedRegisters& registers, const Trap& trap) {
    registers.save(context.regs);
    registers.save_floating_point(context.floating_point);
    context.resume = Resume::full;
    running_core->set_trap(trap);
    chitin_context = nullptr;
    registers.redirect(context.machine_words[Core::kernel_rip],
                       context.machine_words[Core::kernel_rsp]);
}

// A page fault that the tables explain is no trap: the page is shown, and the access repeated.
void page_fault(UserContext& context, const host::Interruption& interruption,
                host::InterruptedRegisters& registers) {
    Mmu& mmu = running_core->parts().mmu;
    std::uint64_t error = interruption.error;
    if (mmu.covers(interruption.address)) {
        const auto refused = mmu.access(interruption.address, interruption.error);
        if (!refused) return;
        error = *refused;
    }
    leave(context, registers,
          Trap{TrapKind::page_fault, host::vector_page_fault, error,
               VirtAddr{interruption.address}});
}

void stop_kernel() {
    constexpr char text[] = "chitin: the kernel burnt host time without finishing one entry\n";
    [[maybe_unused]] const auto written = write(2, text, sizeof text - 1);
    std::abort();
}

void watchdog_tick(UserContext* context, host::InterruptedRegisters& registers) {
    if (running_core == nullptr) return;
    CoreParts& parts = running_core->parts();
    if (parts.progress_seen != running_core->progress()) {
        parts.progress_seen = running_core->progress();
        parts.ticks_unchanged = 0;
        return;
    }
    if (++parts.ticks_unchanged < watchdog_ticks) return;
    if (in_transit(registers.rip())) return;
    if (context == nullptr) return stop_kernel();
    parts.ticks_unchanged = 0;
    parts.runaway = RunawayReport{.happened = true, .rip = registers.rip()};
    parts.runaway.words = note_stack(parts.runaway.stack, parts.mmu, registers.rsp());
    leave(*context, registers, Trap{TrapKind::runaway, 0, 0, VirtAddr{}});
}

}  // namespace

void set_running_core(Core* core) { running_core = core; }

std::size_t note_stack(std::span<std::uint64_t> into, const Mmu& mmu, std::uint64_t rsp) {
    constexpr unsigned words_read_max = 512;
    std::size_t found = 0;
    for (unsigned i = 0; i < words_read_max && found < into.size(); ++i) {
        const auto word = mmu.peek((rsp & ~std::uint64_t{7}) + i * sizeof(std::uint64_t));
        if (!word) break;
        if (in_code(*word)) into[found++] = *word;
    }
    return found;
}

bool take_interruption(const host::Interruption& interruption,
                       host::InterruptedRegisters& registers) {
    const Uncharged free;
    UserContext* const context = chitin_context;
    if (interruption.timer) {
        watchdog_tick(context, registers);
        return true;
    }
    if (context == nullptr || in_transit(registers.rip())) return false;
    if (interruption.vector == host::vector_page_fault) {
        page_fault(*context, interruption, registers);
    } else {
        leave(*context, registers,
              Trap{TrapKind::exception, interruption.vector, interruption.error, VirtAddr{}});
    }
    return true;
}

}  // namespace sim::machine

// TinyKernel: just enough kernel to try the seam: tables, one environment, a run loop by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "kernel/machine/machine.hpp"
#include "kernel/x86/page_table_entry.hpp"
#include "kernel/x86/walker.hpp"
#include "sim/machine/machine.hpp"

extern "C" kernel::abi::CallResult chitin_gate(std::uint64_t a1, std::uint64_t a2,
                                               std::uint64_t a3, std::uint64_t a4,
                                               std::uint64_t a5, std::uint64_t a6,
                                               std::uint64_t number);

namespace tests::machine {

using kernel::abi::FrameNumber;
using kernel::abi::VirtAddr;
using kernel::machine::BootInfo;
using kernel::machine::Core;
using kernel::machine::Outcome;
using kernel::machine::Resume;
using kernel::machine::Trap;
using kernel::machine::TrapKind;
using kernel::machine::UserContext;
using kernel::x86::PageTableEntry;

inline constexpr std::uint64_t flags_read = PageTableEntry::user | PageTableEntry::no_execute;
inline constexpr std::uint64_t flags_write = flags_read | PageTableEntry::writable;
inline constexpr std::uint64_t flags_execute = PageTableEntry::user;

class TinyKernel {
public:
    static constexpr std::uint64_t stack_pages = 16;

    TinyKernel(Core& machine_core, const BootInfo& machine_boot)
        : core{machine_core}, boot{machine_boot}, next_{machine_boot.pool_frames} {
        root = take();
        core.prepare_root(std::span<std::uint64_t, 512>{at<std::uint64_t>(root), 512});
        core.load_root(kernel::abi::address_of(root));
        core.fp_reset(context);
        for (std::uint64_t i = 1; i <= stack_pages; ++i) map(stack_top() - i * 4096, flags_write);
    }

    template <class T>
    T* at(FrameNumber frame) {
        return reinterpret_cast<T*>(core.view(kernel::abi::address_of(frame)));
    }
    FrameNumber take() { return FrameNumber{boot.pool_first.value + --next_}; }

    // An address in slot 2, the stack's end in slot 1.
    std::uint64_t page(std::uint64_t index) const {
        return boot.window_base + 2 * kernel::abi::space_slot_size + index * 4096;
    }
    std::uint64_t stack_top() const {
        return boot.window_base + kernel::abi::space_slot_size + (16 << 20);
    }

    // The leaf entry of `address`, tables made on the way.
    PageTableEntry& leaf(std::uint64_t address) {
        const auto view = [this](kernel::abi::PhysAddr physical) { return core.view(physical); };
        for (;;) {
            const auto step = kernel::x86::walk(view, root, VirtAddr{address});
            if (step.level == 1) return *step.entry;
            *step.entry = PageTableEntry::make(
                take(), PageTableEntry::user | PageTableEntry::writable);
        }
    }
    FrameNumber map(std::uint64_t address, std::uint64_t flags) {
        const FrameNumber frame = take();
        leaf(address) = PageTableEntry::make(frame, flags);
        return frame;
    }

    // Starts `code(argument)` as the environment, or goes on with it.
    Trap start(void (*code)(std::uint64_t), std::uint64_t argument) {
        return start_until(code, argument, kernel::abi::never);
    }
    Trap start_until(void (*code)(std::uint64_t), std::uint64_t argument,
                     kernel::abi::Instant until) {
        context.regs = {};
        context.regs.rip = reinterpret_cast<std::uint64_t>(code);
        context.regs.rsp = stack_top() - 8;
        context.regs.rdi = argument;
        context.regs.rflags = 0x202;
        context.resume = Resume::full;
        return core.run(context, until);
    }
    Trap resume() { return resume_until(kernel::abi::never); }
    Trap resume_until(kernel::abi::Instant until) { return core.run(context, until); }
    std::uint64_t call_number() const { return context.regs.rax; }

    Core& core;
    const BootInfo& boot;
    FrameNumber root;
    alignas(64) UserContext context{};

private:
    std::uint32_t next_;  // frames are taken from the pool's end, so runs are not contiguous
};

// Runs `body` as the kernel of one machine; the machine's CellResult comes back.
struct Power {
    sim::machine::HostedOptions options;
    std::uint32_t pool_frames = 8192;
    std::uint32_t cores = 1;
    std::uint32_t latency = 1;

    sim::engine::CellResult on(const sim::machine::CoreEntry& entry) const;
};

inline sim::engine::CellResult Power::on(const sim::machine::CoreEntry& entry) const {
    kernel::abi::CellRecord cell{};
    cell.pool_frames = pool_frames;
    cell.cores = cores;
    cell.costs.latency = latency;
    auto machine = sim::machine::Machine::create({.bundle = {},
                                                  .cell = cell,
                                                  .cell_index = 0,
                                                  .programs = {},
                                                  .options = options});
    if (!machine) {
        sim::engine::CellResult refused;
        refused.error = machine.error();
        return refused;
    }
    return machine->run(entry);
}

// The same with a TinyKernel on its kernel stack's machine.
inline sim::engine::CellResult with_kernel(const Power& power,
                                           const std::function<void(TinyKernel&)>& body) {
    return power.on([&body](Core& core, const BootInfo& boot) {
        auto kernel = std::make_unique<TinyKernel>(core, boot);
        body(*kernel);
        return Outcome{};
    });
}

// ---- environments' code: calls to the kernel by number
inline std::uint64_t call(std::uint64_t number, std::uint64_t a1 = 0, std::uint64_t a2 = 0) {
    return chitin_gate(a1, a2, 0, 0, 0, 0, number).value;
}

}  // namespace tests::machine

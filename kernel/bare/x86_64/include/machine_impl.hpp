// Core: the bare x86-64 machine's side of the seam (kernel/machine/machine.hpp).
//
// Why in a header: run() and charge() lie on the path of every kernel call, and the kernel's
// loop inlines them. The rest is in core.cpp.
//
// Invariants:
// - While an environment runs, `loaded_` is its context: the TSS's rsp0 points at its end and
//   the processor holds its floating-point registers (lazily: they stay until fp_release).
// - sysret is used only after a call and with a canonical user rip: on Intel's processors a
//   sysret to anything else faults in ring 0 with the environment's rsp ([intel/vol2] SYSRET).
// - rflags of a call are what `syscall` stored, those of every other trap are sanitised.
// - Virtual time moves by charge() and idle_until() alone. The APIC timer's interrupts never
//   reach the kernel but as TrapKind::runaway, those from other cores do not at all.
// - All of it is the core's own: no other core reads or writes it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/abi/event.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/bare/x86_64/core_state.hpp"
#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/machine/bus.hpp"
#include "kernel/machine/context.hpp"
#include "kernel/machine/site.hpp"

namespace kernel::machine {

class Core {
public:
    [[gnu::always_inline]] abi::CoreId id() const { return abi::CoreId{id_}; }

    [[gnu::always_inline]] Trap run(UserContext& context, abi::Instant) {
        if (&context != loaded_) [[unlikely]] {
            load(context);
        }
        // One comparison: the rip's upper half says whether it is a user address.
        const bool user_rip = context.regs.rip >> 32 <= 0x7fff;
        if (context.resume == Resume::call && user_rip) [[likely]] {
            if (enter<&chitin_enter_call>(context) == bare::Entry::call) [[likely]] {
                return Trap{TrapKind::call, 0, 0, abi::VirtAddr{}};
            }
            return after_trap(context);
        }
        return run_full(context);
    }

    void fp_reset(UserContext& context);
    void fp_release(UserContext& context);

    std::byte* view(abi::PhysAddr physical) const { return bare::direct(physical.value); }
    void prepare_root(std::span<std::uint64_t, 512> root);
    void load_root(abi::PhysAddr root) {
        asm volatile("mov %0, %%cr3" : : "r"(root.value) : "memory");
    }
    void invalidate(abi::VirtAddr address) {
        asm volatile("invlpg (%0)" : : "r"(address.value) : "memory");
    }

    std::span<std::byte> open_code(std::uint32_t page);
    const std::byte* seal_code(std::uint32_t page);

    void charge(abi::Nanoseconds span) { now_ns_ += span.value; }
    [[gnu::always_inline]] abi::Instant now() const { return abi::Instant{now_ns_}; }
    void idle_until(abi::Instant instant) {
        now_ns_ = instant.value > now_ns_ ? instant.value : now_ns_;
    }

    abi::Instant synchronise(abi::Instant next);
    void notify(abi::CoreId core, abi::Instant arrival);
    std::uint64_t interrupts();

    Device device(std::uint32_t number);
    std::uint32_t device_read(const Register& place);
    void device_write(const Register& place, std::uint32_t value);

    void print(abi::EnvId env, abi::Channel channel, std::string_view text);
    bool tracing() const { return trace_; }
    void event(const abi::Event& event);  // only while tracing()
    void env_ended(abi::EnvId env, const abi::EnvInfo& info);

    static constexpr std::uint64_t disturb(Site) { return 0; }
    static constexpr void probe(Probe) {}

    // The machine's own: how long an environment may run without entering the kernel; all cores'.
    static void set_watchdog(std::uint64_t seconds);
    void set_id(std::uint32_t id) { id_ = static_cast<std::uint16_t>(id); }
    // A new cell begins at time 0.
    void begin_cell(const BootInfo& boot);
    // It sends nothing any more.
    void end_cell();

private:
    template <auto Enter>
    [[gnu::always_inline]] static bare::Entry enter(UserContext& context) {
        bare::Entry entry;
        UserContext* pointer = &context;
        asm volatile("call %P2"
                     : "=a"(entry), "+D"(pointer)
                     : "i"(Enter)
                     : "rbx", "rbp", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12",
                       "r13", "r14", "r15", "memory", "cc");
        return entry;
    }

    void load(UserContext& context);
    Trap run_full(UserContext& context);
    Trap after_trap(UserContext& context);
    bool interrupt(UserContext& context, std::uint32_t vector);

    UserContext* loaded_ = nullptr;
    std::uint64_t now_ns_ = 0;
    std::uint32_t cell_ = 0;
    std::uint16_t id_ = 0;
    bool trace_ = false;
    bool alone_ = false;  // the cell's only core
};

}  // namespace kernel::machine

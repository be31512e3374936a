// Core: the hosted machine's side of the seam (kernel/machine/machine.hpp).
//
// An environment is entered natively: run() leaves the kernel's stack, takes over the
// environment's registers and jumps. It comes back through the gate (gate.S), or because the
// host's signal handler (trap_entry.cpp) put its registers into the context and sent the
// thread to where run() waits. Why the switch is inlined: run(), the gate and the
// environment's own `ret` keep the CPU's return predictions paired only if no call lies
// between them; that halves the price of a null call.
//
// UserContext::machine_words hold the way back (Word). While an environment runs the
// thread-local `chitin_context` points at its context, and is null otherwise: that is how a
// signal handler tells an environment from the kernel.
//
// Time: sim/machine/clock. Under the `instr` clock an environment comes back at any edge of its
// code when its time is up, as from a call (clock/instr/edge.S).
//
// Floating point: a trap saves everything; after a call only the control words count, and
// they stay in the CPU until fp_release().
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core_clock.hpp"
#include "kernel/abi/call.hpp"
#include "kernel/abi/event.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/base/assert.hpp"
#include "kernel/machine/bus.hpp"
#include "kernel/machine/context.hpp"
#include "kernel/machine/site.hpp"
#include "sim/machine/site_number.hpp"
#include "stack_marks.hpp"

namespace sim::machine {
class CoreParts;
class Director;
}

namespace kernel::machine {

class Core {
public:
    // Words of UserContext::machine_words that are this machine's.
    enum Word : unsigned { kernel_rsp, kernel_rip };

    Core(abi::CoreId id, sim::machine::CoreParts& parts);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    abi::CoreId id() const { return id_; }

    [[gnu::always_inline]] Trap run(UserContext& context, abi::Instant until) {
        progress_++;
        const std::uint64_t unusual = attention_ | static_cast<std::uint64_t>(context.resume) |
                                      context.regs.rip >> canonical_bits;
        if (unusual != 0 || &context != loaded_) [[unlikely]] {
            if (!prepare(context)) return trap_;
        }
        for (;;) {
            sim::engine::enter_environment_stack(context.regs.rsp);
            clock_.begin_run(until < stall_at_ ? until.value : stall_at_.value);
            enter(context);
            const bool time_up = clock_.end_run();
            sim::engine::leave_environment_stack(stack_);
            if (time_up) [[unlikely]] return tick();
            if (context.resume != Resume::call) [[unlikely]] return trap_;
            const bool site = context.regs.rax == sim::machine::site_number;
            if (!site || director_ == nullptr) [[likely]] break;
            answer_site(context);
        }
        return Trap{TrapKind::call, 0, 0, abi::VirtAddr{}};
    }

    void fp_reset(UserContext& context);
    void fp_release(UserContext& context);

    std::byte* view(abi::PhysAddr physical) const {
        CHITIN_ASSERT(physical.value - ram_first_ < ram_bytes_);
        return view_ + (physical.value - ram_first_);
    }
    void prepare_root(std::span<std::uint64_t, 512>) {}
    void load_root(abi::PhysAddr root);
    void invalidate(abi::VirtAddr address);

    std::span<std::byte> open_code(std::uint32_t page);
    const std::byte* seal_code(std::uint32_t page);

    void charge(abi::Nanoseconds span) { clock_.advance(span.value); }
    abi::Instant now() const { return abi::Instant{clock_.now()}; }
    void idle_until(abi::Instant instant);
    abi::Instant synchronise(abi::Instant next);
    void notify(abi::CoreId core, abi::Instant arrival);
    std::uint64_t interrupts();

    Device device(std::uint32_t number);
    std::uint32_t device_read(const Register& place);
    void device_write(const Register& place, std::uint32_t value);

    void print(abi::EnvId env, abi::Channel channel, std::string_view text);
    bool tracing() const { return true; }
    void event(const abi::Event& event);
    void env_ended(abi::EnvId env, const abi::EnvInfo& info);

    std::uint64_t disturb(Site site) { return director_ == nullptr ? 0 : ask_director(site); }
    void probe(Probe probe) {
        if (director_ != nullptr) tell_director(probe);
    }

    // ---- for the machine, not for the kernel
    sim::machine::CoreParts& parts() { return parts_; }
    // How often the kernel was entered or an event happened: the watchdog's measure.
    std::uint64_t progress() const { return progress_; }
    void set_stack(const sim::engine::StackMark& stack) { stack_ = stack; }
    // The environment that ran last; null: none, or its registers were given away.
    const UserContext* loaded() const { return loaded_; }
    sim::machine::CoreClock& clock() { return clock_; }
    void set_trap(const Trap& trap) { trap_ = trap; }

private:
    static constexpr unsigned canonical_bits = 47;  // of an address a user may have

    // Goes to the environment, and on after the asm statement when it traps.
    [[gnu::always_inline]] static void enter(UserContext& context) {
        UserContext* pointer = &context;
        asm volatile(
            "sub $128, %%rsp\n"  // the compiler may use the red zone
            "push %%rbp\n"
            "push %%rbx\n"
            "lea 1f(%%rip), %%rax\n"
            "mov %%rax, 176(%%rdi)\n"
            "mov %%rsp, 168(%%rdi)\n"
            "jmp chitin_enter\n"
            "1: pop %%rbx\n"
            "pop %%rbp\n"
            "add $128, %%rsp\n"
            : "+D"(pointer)
            :
            : "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
              "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
              "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
    }

    // What attention_ is about.
    static constexpr std::uint64_t settle_mmu = 1;
    static constexpr std::uint64_t kill_next = 2;
    static constexpr std::uint64_t shake_mmu = 4;

    bool prepare(UserContext& context);
    Trap tick();
    void stall();
    void deliver(const abi::Event& event);
    void direct(const abi::Event& event);
    std::uint64_t ask_director(Site site);
    void answer_site(UserContext& context);
    void stand_still(std::uint64_t span_ns);
    void tell_director(Probe probe);

    UserContext* loaded_ = nullptr;  // whose floating-point control words are in the CPU
    std::uint64_t attention_ = 0;    // before an environment runs
    std::uint64_t shake_ = 0;        // how, where that is asked for
    sim::machine::CoreClock clock_;
    std::uint64_t progress_ = 0;
    abi::Instant stall_at_ = abi::never;  // the director's, under the `instr` clock
    std::uint64_t stall_ns_ = 0;
    std::byte* view_;
    std::uint64_t ram_first_;
    std::uint64_t ram_bytes_;
    Trap trap_{};
    sim::engine::StackMark stack_{};
    sim::machine::CoreParts& parts_;
    sim::machine::Director* director_;  // null: nobody interferes
    abi::CoreId id_;
};

static_assert(offsetof(UserContext, machine_words) == 168);

}  // namespace kernel::machine

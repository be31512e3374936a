#include "kernel/env/upcalls.hpp"

#include "kernel/env/record.hpp"
#include "kernel/env/running.hpp"

namespace kernel::env {

namespace {

constexpr std::uint64_t user_address_end = std::uint64_t{1} << 47;

// One load of a word that the environment may be changing.
template <class T>
[[gnu::always_inline]] inline T read_once(const T& word) {
    return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

// If the environment was on its way back from an upcall, completes that: the interrupted
// registers are the ones to save, not those of the half-done return.
void finish_resume(Env& env, const abi::UpcallPage& page) {
    const std::uint64_t rip = env.context.regs.rip;
    if (rip >= read_once(page.resume_begin) && rip < read_once(page.resume_end)) {
        const std::uint64_t cs = env.context.regs.cs;  // the machine's, not the environment's
        const std::uint64_t ss = env.context.regs.ss;
        env.context.regs = page.saved;
        env.context.regs.cs = cs;
        env.context.regs.ss = ss;
        env.context.resume = machine::Resume::full;
    }
}

// Enters the handler; false if the page's values cannot be run.
bool enter(System& system, Env& env, abi::UpcallPage& page, Upcall kind, std::uint64_t address,
           std::uint64_t error) {
    const std::uint64_t handler = read_once(page.handler);
    const std::uint64_t stack = read_once(page.stack_top);
    if (handler == 0 || handler >= user_address_end) return false;
    if (stack < 64 || stack >= user_address_end) return false;
    finish_resume(env, page);
    machine::UserContext& context = env.context;
    page.saved = context.regs;
    page.kind = static_cast<std::uint32_t>(kind);
    page.address = address;
    page.error = error;
    page.masked = 1;
    context.regs.rip = handler;
    context.regs.rsp = (stack & ~std::uint64_t{15}) - 8;
    context.regs.rdi = read_once(page.cookie);
    context.regs.rsi = env.page_address;
    context.regs.rflags = 0x202;
    context.resume = machine::Resume::full;
    system.info(env).upcalls++;
    system.memory.charge(system.memory.costs().upcall);
    return true;
}

struct Data {
    std::uint64_t address = 0;
    std::uint64_t error = 0;
};

Data data_of(const PendingUpcalls& pending, Upcall kind) {
    switch (kind) {
        case Upcall::revocation:
            return {pending.revocation_frames, pending.revocation_deadline};
        case Upcall::child_ended:
            return {pending.child, pending.child_code};
        case Upcall::revocation_done:
            return {pending.done_counts, pending.done_env};
        case Upcall::slice_begin:
        case Upcall::slice_end:
            return {pending.slice_position, pending.slice_instant};
        default:
            return {};
    }
}

void write_pending(abi::UpcallPage& page, const PendingUpcalls& pending) {
    page.revocation_frames = pending.revocation_frames;
    page.revocation_deadline = pending.revocation_deadline;
    page.child = pending.child;
    page.child_code = pending.child_code;
    page.done_counts = pending.done_counts;
    page.done_env = pending.done_env;
    page.slice_position = pending.slice_position;
    page.slice_instant = pending.slice_instant;
}

}  // namespace

void raise(System& system, Env& env, const machine::Trap& trap) {
    const bool fault = trap.kind == machine::TrapKind::page_fault;
    const Upcall kind = fault ? Upcall::page_fault : Upcall::exception;
    const std::uint64_t error = fault ? trap.error : trap.vector | trap.error << 32;
    const std::uint64_t words[] = {fault ? system.recorded(trap.address.value) : 0, error};
    system.info(env).faults++;
    record(system, env, abi::EventKind::fault, static_cast<std::uint8_t>(trap.vector),
           Status::ok, words, 2);
    abi::UpcallPage* page = env.page;
    if (page == nullptr) return end(system, env, abi::EndReason::no_vector, 0);
    if (read_once(page->masked) != 0) {
        system.core.probe(machine::Probe::double_fault);
        return end(system, env, abi::EndReason::fault_while_masked, 0);
    }
    if (!enter(system, env, *page, kind, fault ? trap.address.value : 0, error)) {
        end(system, env, abi::EndReason::no_vector, 0);
    }
}

void post(System& system, Env& env, Upcall kind) {
    env.pending.bits |= 1u << static_cast<unsigned>(kind);
    system.next_event = Instant{0};
    if (system.info(env).state == EnvState::parked) make_runnable(system, env);
}

bool tell_slice(System& system, Upcall kind, Instant instant) {
    const std::uint32_t position = system.cycle->position;
    Env& env = system.env(system.envs[system.cycle->slices[position].env.value]);
    abi::UpcallPage* page = env.page;
    if (page == nullptr) return false;
    const bool critical = kind == Upcall::slice_end && (read_once(page->critical) & 1) != 0;
    if (critical) page->critical |= 2;
    if ((read_once(page->wants) >> static_cast<unsigned>(kind) & 1) == 0) return critical;
    env.pending.slice_position = position;
    env.pending.slice_instant = instant.value;
    post(system, env, kind);
    return true;
}

void tell_pending(System& system, Env& env) {
    abi::UpcallPage* page = env.page;
    if (page == nullptr) return;  // told when there is one
    write_pending(*page, env.pending);
    if (env.pending.repossessed_untold > 0) {
        page->repossessed_count = abi::repossessed_max + env.pending.repossessed_untold;
        env.pending.repossessed_untold = 0;
    }
    const std::uint32_t bits = env.pending.bits;
    env.pending.bits = 0;
    page->pending |= bits;
    if (read_once(page->masked) != 0) {
        return system.core.probe(machine::Probe::upcall_while_masked);
    }
    const auto kind = static_cast<Upcall>(__builtin_ctz(bits));
    const Data data = data_of(env.pending, kind);
    // A number that a deadline or a count is, never an address: it may be recorded as it is.
    const std::uint64_t words[] = {data.address, data.error};
    if (!enter(system, env, *page, kind, data.address, data.error)) {
        return end(system, env, abi::EndReason::no_vector, 0);
    }
    page->pending &= ~(1u << static_cast<unsigned>(kind));
    record(system, env, abi::EventKind::upcall, static_cast<std::uint8_t>(kind), Status::ok,
           words, 2);
}

}  // namespace kernel::env

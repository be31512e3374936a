#include "kernel/env/transfer.hpp"

#include "kernel/env/record.hpp"
#include "kernel/env/remote.hpp"
#include "kernel/env/running.hpp"
#include "kernel/env/slices.hpp"

namespace kernel::env {

namespace {

constexpr FrameNumber nobody{0};

// `to`, in no ring, takes the place of `from` in the ring and on the core.
void take_place(System& system, Env& from, Env& to) {
    const bool alone = from.next == from.self;
    to.next = alone ? to.self : from.next;
    to.previous = alone ? to.self : from.previous;
    if (!alone) {
        system.env(from.previous).next = to.self;
        system.env(from.next).previous = to.self;
    }
    from.next = nobody;
    from.previous = nobody;
    system.running = to.self;
    if (system.idle_next == from.self) system.idle_next = to.self;
    system.info(to).state = EnvState::runnable;
    to.wake = abi::never;
}

}  // namespace

void come_back(System& system, Env& env, Status status, std::uint64_t value,
               const Words& words) {
    env.context.regs.rax = static_cast<std::uint64_t>(status);
    env.context.regs.rdx = value;
    const bool message = env.page != nullptr && status == Status::ok;
    if (message) __builtin_memcpy(env.page->message, words, sizeof(Words));
    record(system, env, abi::EventKind::transfer, 0, status, &value, 1);
}

void transfer(System& system, Env& caller, Env& callee, const Words& words) {
    pass_turn(system, caller, callee);
    take_place(system, caller, callee);
    system.info(caller).state = EnvState::calling;
    caller.callee = callee.self;
    callee.caller = caller.self;
    callee.receiving = false;
    come_back(system, callee, Status::ok, caller.id.value, words);
}

void reply(System& system, Env& env, const Words& words, Instant deadline) {
    if (system.elsewhere(env.caller)) {
        answer(system, env, Status::ok, words);
        park(system, env, deadline);
        env.receiving = true;
        return;
    }
    Env& caller = system.env(env.caller);
    env.caller = nobody;
    caller.callee = nobody;
    const bool own_slice = turn_owner(system) == &env;
    take_place(system, env, caller);
    // Time that was lent goes back. A server's own slice is not its client's: what it does not want
    // of that is idle time, and the schedule says whose.
    if (system.turn.donee == env.self) pass_turn(system, env, caller);
    if (own_slice) {
        system.slice_end = Instant{0};
        system.next_event = Instant{0};
    }
    system.info(env).state = EnvState::parked;
    env.wake = deadline;
    env.receiving = true;
    system.due_at(deadline);
    come_back(system, caller, Status::ok, words[0], words);
}

void break_transfers(System& system, Env& env) {
    constexpr Words nothing{};
    const FrameNumber callee = env.callee;
    if (callee != nobody && !system.elsewhere(callee)) system.env(callee).caller = nobody;
    env.callee = nobody;
    if (env.caller == nobody) return;
    system.core.probe(machine::Probe::server_ended_in_call);
    if (system.elsewhere(env.caller)) return answer(system, env, Status::callee_gone, nothing);
    Env& caller = system.env(env.caller);
    env.caller = nobody;
    caller.callee = nobody;
    come_back(system, caller, Status::callee_gone, 0, nothing);
    make_runnable(system, caller);
}

}  // namespace kernel::env

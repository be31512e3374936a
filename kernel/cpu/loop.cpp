#include "kernel/cpu/loop.hpp"

#include "kernel/cpu/schedule.hpp"
#include "kernel/env/running.hpp"
#include "kernel/env/upcalls.hpp"
#include "kernel/syscall/dispatch.hpp"

namespace kernel::cpu {

namespace {

using env::Env;
using env::System;

void account_time(System& system, Env& env) {
    const abi::Instant now = system.core.now();
    system.info(env).time_ns += now.value - env.started.value;
    env.started = now;
}

// Puts another environment on the core.
void switch_to(System& system, Env& env) {
    if (system.loaded.value != 0) {
        Env& before = system.env(system.loaded);
        system.core.fp_release(before.context);
        account_time(system, before);
    }
    system.memory.charge(system.memory.costs().env_switch);
    system.memory.system().switches++;
    system.core.load_root(abi::address_of(env.root));
    system.loaded = env.self;
    env.started = system.core.now();
}

void handle(System& system, Env& env, const machine::Trap& trap) {
    switch (trap.kind) {
        case machine::TrapKind::call:
            return syscall::dispatch(system, env);
        case machine::TrapKind::page_fault:
        case machine::TrapKind::exception:
            system.memory.charge(system.memory.costs().fault);
            return env::raise(system, env, trap);
        case machine::TrapKind::tick:
            return;
        case machine::TrapKind::runaway:
            return env::end(system, env, abi::EndReason::ran_away, 0);
    }
}

// Nothing was due but the horizon: the environment to run, unless it must be told something. What
// cannot be told (it has no upcall page) is none: choosing anew shows in the time that everybody
// can read, and where the horizon lies hangs on what other cores are busy with.
Env* go_on(System& system) {
    Env& env = system.env(system.running);
    if (env.pending.bits != 0 && env.page != nullptr) return nullptr;
    if (system.loaded != env.self) switch_to(system, env);
    return &env;
}

// Chooses the environment to run and tells it what it must know; nullptr at the end.
[[gnu::noinline]] Env* choose(System& system) {
    while (!system.finished) {
        if (Env* env = nothing_due(system) ? go_on(system) : nullptr) return env;
        attend(system);
        if (system.finished) break;
        system.memory.system().now_ns = system.core.now().value;
        Env& env = system.env(system.running);
        if (env.pending.bits != 0) env::tell_pending(system, env);
        if (system.running != env.self) continue;
        if (system.loaded != env.self) switch_to(system, env);
        return &env;
    }
    return nullptr;
}

// After a control transfer: on with the one that took this one's place, unless something is due.
Env* follow(System& system, Env& env) {
    if (system.core.now() >= system.next_event) return &env;
    Env& next = system.env(system.running);
    if (next.pending.bits != 0) {
        system.next_event = abi::Instant{0};
        return &env;
    }
    switch_to(system, next);
    return &next;
}

}  // namespace

[[gnu::noinline]] void run(System& system) {
    while (Env* env = choose(system)) {
        do {
            const machine::Trap trap = system.core.run(env->context, system.next_event);
            handle(system, *env, trap);
            if (system.running != env->self) env = follow(system, *env);
        } while (system.core.now() < system.next_event);
    }
    if (system.loaded.value != 0) account_time(system, system.env(system.loaded));
}

}  // namespace kernel::cpu

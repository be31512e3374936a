#include "kernel/cpu/schedule.hpp"

#include "kernel/cpu/predicates.hpp"
#include "kernel/disk/requests.hpp"
#include "kernel/env/remote.hpp"
#include "kernel/env/revocation.hpp"
#include "kernel/env/running.hpp"
#include "kernel/env/slices.hpp"
#include "kernel/env/upcalls.hpp"

namespace kernel::cpu {

namespace {

using abi::Instant;
using env::Env;
using env::System;

constexpr abi::FrameNumber no_env_frame{0};

// Wakes who is due; the earliest of the others.
Instant wake_due(System& system, Instant now) {
    Instant earliest = abi::never;
    for (const abi::FrameNumber frame : system.envs) {
        if (frame == no_env_frame) continue;
        Env& env = system.env(frame);
        if (system.info(env).state != abi::EnvState::parked) continue;
        const bool watches = env.watch.code != cap::no_cap;
        if (env.wake <= now || (watches && predicate_holds(system, env))) {
            env::make_runnable(system, env);
        } else {
            earliest = base::min(earliest, env.wake);
        }
    }
    return earliest;
}

// ---- idle time

// Without a cycle: all that may run take turns of one slice each.
void turn_ring(System& system, Instant now) {
    if (system.running == no_env_frame || now < system.slice_end) return;
    if (system.slice_end != Instant{0} || system.loaded == system.running) {
        system.running = system.env(system.running).next;
    }
    system.slice_end = Instant{now.value + system.cycle->slice_ns};
}

// The environment that idle time goes to: the one named, else whose turn in the ring it is.
Env& idle_receiver(System& system) {
    const abi::EnvId id = system.cycle->idle;
    if (id != abi::no_env) {
        Env& receiver = system.env(system.envs[id.value]);
        if (system.info(receiver).state == abi::EnvState::runnable) return receiver;
    }
    const bool begun = system.idle_next != no_env_frame;
    Env& next = system.env(begun ? system.idle_next : system.running);
    const abi::EnvId giver = system.cycle->slices[system.cycle->position].env;
    Env& other = system.turn.given && next.id == giver ? system.env(next.next) : next;
    system.idle_next = other.next;
    return other;
}

void give_idle_time(System& system, Instant now) {
    if (system.running == no_env_frame || now < system.slice_end) return;
    system.running = idle_receiver(system).self;
    system.slice_end =
        base::min(Instant{now.value + system.cycle->slice_ns}, system.turn.end);
}

// ---- turns of the cycle

// What follows on `now`: what a shortened slice left to others, or the next position.
void next_turn(System& system, Instant now) {
    abi::CycleInfo& cycle = *system.cycle;
    env::Turn& turn = system.turn;
    abi::SliceInfo& over = cycle.slices[cycle.position];
    const bool ran_over = turn.grace || env::turn_owner(system) != nullptr;
    if (ran_over && over.env != abi::no_env && turn.end < now) {
        over.debt_ns += now.value - turn.end.value;
        over.overrun_ns += now.value - turn.end.value;
    }
    std::uint64_t length = turn.rest_ns;
    std::uint64_t pay = 0;
    bool owned = false;
    if (length == 0) {
        cycle.position = cycle.position + 1 < cycle.positions ? cycle.position + 1 : 0;
        abi::SliceInfo& slice = cycle.slices[cycle.position];
        length = cycle.slice_ns;
        pay = base::min(slice.debt_ns, length);
        slice.debt_ns -= pay;
        slice.forfeited_ns += pay;
        if (pay != 0) system.core.probe(machine::Probe::debt_paid);
        owned = slice.env != abi::no_env && pay < length;
        if (slice.env != abi::no_env) slice.turns++;
    }
    turn = env::Turn{};
    turn.owned = owned;
    turn.rest_ns = owned ? pay : 0;
    turn.end = Instant{now.value + length - turn.rest_ns};
    cycle.turn_end_ns = turn.end.value;
    system.slice_end = now;
    if (owned) env::tell_slice(system, abi::Upcall::slice_begin, turn.end);
}

// May the present turn's owner go on although its time is up? Until the grace ends, if it
// asked for the end to be told or is in a critical section.
bool in_grace(System& system, Instant now) {
    env::Turn& turn = system.turn;
    Env* const owner = env::turn_owner(system);
    if (owner == nullptr || system.running != owner->self) return false;
    const Instant grace_end{turn.end.value + system.cycle->grace_ns};
    if (!turn.grace) {
        if (!env::tell_slice(system, abi::Upcall::slice_end, grace_end)) return false;
        turn.grace = true;
        system.core.probe(machine::Probe::grace_used);
    }
    return now < grace_end;
}

void turn_cycle(System& system, Instant now) {
    env::Turn& turn = system.turn;
    if (now >= turn.end && !in_grace(system, now)) next_turn(system, now);
    Env* const owner = env::turn_owner(system);
    if (owner == nullptr) return give_idle_time(system, now);
    system.running = turn.donee != no_env_frame ? turn.donee : owner->self;
    system.slice_end = turn.grace ? Instant{turn.end.value + system.cycle->grace_ns} : turn.end;
}

// Does what is due on `now` and chooses whom to run, if anybody; when the next thing is due.
Instant schedule(System& system, Instant now) {
    bool more = system.recalls != cap::no_cap && env::serve_recalls(system);
    Instant due = system.mesh.first_arrival();
    if (!system.root_gone) {
        const Instant disks = disk::serve(system, now);
        more |= env::serve_requests(system, now);
        due = base::min(due, base::min(wake_due(system, now), env::next_deadline(system, now)));
        due = base::min(due, disks);
        if (system.cycle->allocated == 0) {
            turn_ring(system, now);
        } else {
            turn_cycle(system, now);
        }
    }
    return more ? now : due;
}

// Nothing can ever happen again on any core; core 0 sees it. That is the end, or a deadlock.
void nothing_left(System& system) {
    system.finished = system.root_gone;
    if (system.finished) return;
    env::Env& root = system.env(system.envs[system.root_env.value]);
    env::end(system, root, abi::EndReason::deadlock, 0);
}

}  // namespace

bool nothing_due(System& system) {
    const Instant now = system.core.now();
    if (system.next_event != system.horizon || system.event_due <= now) return false;
    env::await_mail(system, now);
    return system.event_due > now;
}

void attend(System& system) {
    while (!system.finished) {
        env::take_mail(system);
        if (system.finished) return;
        const Instant now = system.core.now();
        Instant due = schedule(system, now);
        if (system.running != no_env_frame && !system.root_gone) {
            system.event_due = base::min(due, system.slice_end);
            system.next_event = base::min(system.event_due, system.horizon);
            return;
        }
        due = env::await_mail(system, due);
        if (due == abi::never) {
            nothing_left(system);
        } else if (due > now) {
            const Instant from = system.core.now();  // later than `now`: schedule() has worked
            system.core.idle_until(due);
            system.memory.system().idle_ns += system.core.now().value - from.value;
        }
    }
}

}  // namespace kernel::cpu

#include "kernel/cpu/schedule.hpp"

#include "kernel/env/revocation.hpp"
#include "kernel/env/running.hpp"

namespace kernel::cpu {

namespace {

using abi::Instant;
using env::System;

constexpr abi::FrameNumber no_env_frame{0};

// Wakes who is due; the earliest of the others.
Instant wake_due(System& system, Instant now) {
    Instant earliest = abi::never;
    for (const abi::FrameNumber frame : system.envs) {
        if (frame == no_env_frame) continue;
        env::Env& env = system.env(frame);
        if (system.info(env).state != abi::EnvState::parked) continue;
        if (env.wake <= now) {
            env::make_runnable(system, env);
        } else {
            earliest = std::min(earliest, env.wake);
        }
    }
    return earliest;
}

void turn_slice(System& system, Instant now) {
    if (system.running == no_env_frame || now < system.slice_end) return;
    if (system.slice_end != Instant{0} || system.loaded == system.running) {
        system.running = system.env(system.running).next;
    }
    system.slice_end = Instant{now.value + system.cell.slice_ns};
}

// Nothing can ever run again: only the root environment's end can say so.
void deadlock(System& system) {
    env::Env& root = system.env(system.envs[system.root_env.value]);
    env::end(system, root, abi::EndReason::deadlock, 0);
}

}  // namespace

void attend(System& system) {
    while (!system.finished) {
        const Instant now = system.core.now();
        const bool more = env::serve_requests(system, now);
        Instant due = std::min(wake_due(system, now), env::next_deadline(system));
        turn_slice(system, now);
        if (more) due = now;
        if (system.running != no_env_frame) {
            system.next_event = std::min(due, system.slice_end);
            return;
        }
        if (due == abi::never) return deadlock(system);
        if (due > now) system.core.idle_until(due);
    }
}

}  // namespace kernel::cpu

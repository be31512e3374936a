#include "kernel/env/running.hpp"

#include "kernel/env/record.hpp"
#include "kernel/env/slices.hpp"
#include "kernel/env/transfer.hpp"
#include "kernel/env/upcalls.hpp"

namespace kernel::env {

namespace {
constexpr FrameNumber no_frame{0};
}

void make_runnable(System& system, Env& env) {
    EnvInfo& info = system.info(env);
    CHITIN_ASSERT(info.state == EnvState::embryo || info.state == EnvState::parked ||
                  info.state == EnvState::calling);
    info.state = EnvState::runnable;
    env.wake = abi::never;
    env.watch = Watch{};
    env.receiving = false;
    if (system.running == no_frame) {
        env.next = env.self;
        env.previous = env.self;
        system.running = env.self;
        return;
    }
    Env& running = system.env(system.running);
    env.next = running.self;
    env.previous = running.previous;
    system.env(env.previous).next = env.self;
    running.previous = env.self;
}

void stop(System& system, Env& env, EnvState state) {
    EnvInfo& info = system.info(env);
    if (info.state == EnvState::runnable) {
        system.env(env.previous).next = env.next;
        system.env(env.next).previous = env.previous;
        if (system.running == env.self) {
            system.running = env.next == env.self ? no_frame : env.next;
            system.slice_end = Instant{0};  // the next one gets a slice of its own
        }
        if (system.idle_next == env.self) {
            system.idle_next = env.next == env.self ? no_frame : env.next;
        }
        if (system.turn.donee == env.self) system.turn.donee = no_frame;
        env.next = no_frame;
        env.previous = no_frame;
    }
    info.state = state;
    system.next_event = Instant{0};
}

void park(System& system, Env& env, Instant wake) {
    stop(system, env, EnvState::parked);
    env.wake = wake;
}

void give_way(System& system, const Env& env) {
    Turn& turn = system.turn;
    if (turn.donee == env.self) {
        turn.donee = no_frame;
    } else if (turn_owner(system) == &env) {
        turn.given = true;
    }
    system.slice_end = Instant{0};  // the scheduler moves on
    system.next_event = Instant{0};
}

void pass_turn(System& system, const Env& env, const Env& target) {
    Turn& turn = system.turn;
    const Env* const owner = turn_owner(system);
    if (owner == &env || turn.donee == env.self) {
        turn.donee = owner == &target ? no_frame : target.self;
    }
}

void run_next(System& system, const Env& env, Env& target) {
    CHITIN_ASSERT(system.info(target).state == EnvState::runnable);
    system.core.probe(machine::Probe::slice_given);
    pass_turn(system, env, target);
    system.running = target.self;
    system.next_event = Instant{0};
}

namespace {

// The root has ended, and with it everything on its core; who waits for an answer gets one.
void end_core(System& system, abi::EndReason reason, std::uint32_t code) {
    system.exit_code = code;
    system.end_reason = reason;
    system.root_gone = true;
    system.finished = system.mesh.cores() == 1;
    for (const FrameNumber frame : system.envs) {
        if (frame != no_frame && !system.finished) break_transfers(system, system.env(frame));
    }
}

}  // namespace

void end(System& system, Env& env, abi::EndReason reason, std::uint32_t code) {
    break_transfers(system, env);
    stop(system, env, EnvState::ended);
    EnvInfo& info = system.info(env);
    info.reason = reason;
    info.exit_code = code;
    const std::uint64_t words[] = {code};
    record(system, env, abi::EventKind::ended, static_cast<std::uint8_t>(reason), Status::ok,
           words, 1);
    if (env.id == system.root_env) return end_core(system, reason, code);
    const FrameNumber creator = system.envs[env.creator.value];
    if (creator == no_frame) return;
    Env& parent = system.env(creator);
    parent.pending.child = env.id.value;
    parent.pending.child_code = code;
    post(system, parent, Upcall::child_ended);
}

}  // namespace kernel::env

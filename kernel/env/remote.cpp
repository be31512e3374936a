#include "kernel/env/remote.hpp"

#include "kernel/env/record.hpp"
#include "kernel/env/running.hpp"

namespace kernel::env {

namespace {

using mesh::Message;
using mesh::MessageKind;

constexpr FrameNumber nobody{0};

// An environment's number among those of all cores.
std::uint64_t machine_wide(std::uint32_t core, EnvId id) {
    return core * abi::environments_max + id.value;
}

std::uint32_t tag_of(System& system, const Env& env) {
    return env.id.value | std::uint32_t{system.info(env).serial} << 16;
}

void take_call(System& system, std::uint32_t from, const Message& message) {
    Env& callee = system.env(FrameNumber{message.a});
    const EnvState state = system.info(callee).state;
    if (state != EnvState::parked || !callee.receiving || system.root_gone) {
        Message refusal = message;
        refusal.kind = MessageKind::answer;
        refusal.a = message.b;
        const Status why = lives(state) ? Status::busy : Status::bad_state;
        refusal.b = static_cast<std::uint32_t>(system.root_gone ? Status::callee_gone : why);
        return send(system, from, refusal);
    }
    make_runnable(system, callee);
    callee.caller = FrameNumber{message.b};
    callee.caller_tag = message.c;
    const EnvId id{static_cast<std::uint16_t>(message.c)};
    come_back(system, callee, Status::ok, machine_wide(from, id), message.words);
    system.next_event = Instant{0};
}

void take_answer(System& system, const Message& message) {
    const FrameNumber frame{message.a};
    if (system.memory.frame(frame).state != abi::FrameState::env) return;
    Env& caller = system.env(frame);
    if (tag_of(system, caller) != message.c || caller.callee == nobody) {
        return system.core.probe(machine::Probe::caller_ended_in_call);
    }
    caller.callee = nobody;
    come_back(system, caller, static_cast<Status>(message.b), message.words[0], message.words);
    make_runnable(system, caller);
    system.next_event = Instant{0};
}

void take_wake(System& system, std::uint32_t from, const Message& message) {
    wake_up(system, system.env(FrameNumber{message.a}));
    Message reply{};
    reply.kind = MessageKind::woken;
    send(system, from, reply);
}

void take(System& system, std::uint32_t from, const Message& message) {
    switch (message.kind) {
        case MessageKind::call: return take_call(system, from, message);
        case MessageKind::wake: return take_wake(system, from, message);
        case MessageKind::lend: return take_lend(system, from, message);
        case MessageKind::recall: return take_recall(system, from, message);
        case MessageKind::give_back: return take_give_back(system, from, message);
        case MessageKind::answer: return take_answer(system, message);
        case MessageKind::woken: return answered(system);
        case MessageKind::lent: return take_lent(system, message);
        case MessageKind::recalled: return take_recalled(system, message);
        case MessageKind::taken_back: return take_taken_back(system, message);
        case MessageKind::halt: system.finished = true;
    }
}

void move_horizon(System& system, Instant target) {
    const bool mere_horizon = system.next_event == system.horizon;
    system.horizon = system.core.synchronise(target);
    system.event_due = min(system.event_due, system.mesh.first_arrival());
    if (mere_horizon) system.next_event = min(system.event_due, system.horizon);
}

}  // namespace

void send(System& system, std::uint32_t to, const Message& message) {
    system.memory.charge(system.memory.costs().message);
    system.memory.system().messages_sent++;
    system.mesh.send(to, message);
}

bool call_far(System& system, Env& caller, FrameNumber callee, const Words& words) {
    const std::uint32_t to = system.mesh.core_of(callee);
    if (!system.mesh.may_send(to, MessageKind::call)) return false;
    Message message{};
    message.kind = MessageKind::call;
    message.a = callee.value;
    message.b = caller.self.value;
    message.c = tag_of(system, caller);
    __builtin_memcpy(message.words, words, sizeof(Words));
    send(system, to, message);
    stop(system, caller, EnvState::calling);
    caller.callee = callee;
    return true;
}

bool wake_far(System& system, FrameNumber target) {
    const std::uint32_t to = system.mesh.core_of(target);
    if (!system.mesh.may_send(to, MessageKind::wake)) return false;
    Message message{};
    message.kind = MessageKind::wake;
    message.a = target.value;
    send(system, to, message);
    return true;
}

void answer(System& system, Env& env, Status status, const Words& words) {
    Message message{};
    message.kind = MessageKind::answer;
    message.a = env.caller.value;
    message.b = static_cast<std::uint32_t>(status);
    message.c = env.caller_tag;
    __builtin_memcpy(message.words, words, sizeof(Words));
    send(system, system.mesh.core_of(env.caller), message);
    env.caller = nobody;
}

void wake_up(System& system, Env& env) {
    if (system.info(env).state == EnvState::parked) {
        make_runnable(system, env);
        system.next_event = Instant{0};
    } else {
        env.woken = true;
    }
}

Instant await_mail(System& system, Instant target) {
    for (;;) {
        target = min(target, system.mesh.first_arrival());
        if (target < system.horizon || system.horizon == abi::never) return target;
        move_horizon(system, target);
    }
}

void take_mail(System& system) {
    const Instant now = system.core.now();
    while (now >= system.horizon) move_horizon(system, now);
    while (!system.finished && system.mesh.first_arrival() <= now) {
        Message message;
        const std::uint32_t from = system.mesh.take(message);
        system.memory.charge(system.memory.costs().message);
        system.memory.system().messages_taken++;
        take(system, from, message);
    }
}

void halt_others(System& system) {
    Message message{};
    message.kind = MessageKind::halt;
    for (std::uint32_t core = 1; core < system.mesh.cores(); ++core) send(system, core, message);
}

}  // namespace kernel::env

#include "kernel/env/lending.hpp"

#include "kernel/env/holdings.hpp"
#include "kernel/env/remote.hpp"
#include "kernel/env/running.hpp"

namespace kernel::env {

namespace {

using cap::Link;
using mesh::Message;
using mesh::MessageKind;

// Sends a request about a half to where the other one is, if there is a credit.
bool ask(System& system, CapRef ref, MessageKind kind, Link link) {
    Capability& capability = system.forest.at(ref);
    if (!system.mesh.may_send(capability.core, kind)) {
        system.core.probe(machine::Probe::credit_exhausted);
        return false;
    }
    if (kind == MessageKind::recall) system.core.probe(machine::Probe::recall_across_cores);
    Message message{};
    message.kind = kind;
    message.a = capability.peer;
    message.b = ref;
    send(system, capability.core, message);
    capability.link = link;
    return true;
}

void tell(System& system, std::uint32_t to, MessageKind kind, CapRef half) {
    Message message{};
    message.kind = kind;
    message.a = half;
    send(system, to, message);
}

// The borrower's half gets no new use, and its mapping goes at once.
void disarm(System& system, CapRef ref) {
    Capability& capability = system.forest.at(ref);
    if (capability.type == CapType::frame && capability.mapping != 0) unmap(system, ref, 0);
    capability.rights = Rights::none;
}

// The other half is gone. Who waits for that deletes this one, now like any other.
void unlink(System& system, CapRef ref, Link link) {
    CHITIN_ASSERT(system.forest.at(ref).link == link);
    system.forest.at(ref).link = Link::none;
}

// The last name of an environment stays, without rights: as everywhere, who holds it goes after
// the environment (env/destruction).
void delete_half(System& system, CapRef ref) {
    system.forest.at(ref).link = Link::none;
    std::uint32_t steps = steps_per_call;
    if (deletable(system, ref) == Status::ok) erase(system, ref, steps);
}

Status place(System& system, std::uint32_t from, const Message& message, CapRef& ref) {
    Env& target = system.env(FrameNumber{message.a});
    const EnvState state = system.info(target).state;
    if (state == EnvState::dying || system.root_gone) return Status::bad_state;
    const std::uint64_t slot = message.words[0];
    const auto found =
        find_empty(system, target, slot > no_slot.value ? no_slot
                                                        : Slot{static_cast<std::uint32_t>(slot)});
    if (!found.has_value()) return found.error();
    ref = *found;
    system.forest.insert(ref, static_cast<CapType>(message.words[1] & 0xff),
                         static_cast<Rights>(message.words[1] >> 8), FrameNumber{message.b},
                         cap::no_cap);
    Capability& capability = system.forest.at(ref);
    capability.link = Link::borrowed;
    capability.core = static_cast<std::uint8_t>(from);
    capability.peer = message.c;
    return Status::ok;
}

}  // namespace

void answered(System& system) {
    system.next_event = Instant{0};
    if (system.waiters == 0) return;
    for (const FrameNumber frame : system.envs) {
        if (frame.value == 0) continue;
        Env& env = system.env(frame);
        if (!env.waits) continue;
        env.waits = false;
        if (system.info(env).state == EnvState::calling) make_runnable(system, env);
    }
    system.waiters = 0;
}

void sleep_until_answer(System& system, Env& env) {
    stop(system, env, EnvState::calling);
    env.waits = true;
    system.waiters++;
}

bool lend(System& system, Env& caller, const Loan& loan) {
    const std::uint32_t to = system.mesh.core_of(loan.target);
    if (!system.mesh.may_send(to, MessageKind::lend)) return false;
    const Capability source = system.forest.at(loan.source);
    system.forest.insert(loan.half, source.type, Rights::none, source.object, loan.source);
    Capability& half = system.forest.at(loan.half);
    half.link = Link::pending;
    half.core = static_cast<std::uint8_t>(to);
    system.memory.charge(system.memory.costs().capability);
    Message message{};
    message.kind = MessageKind::lend;
    message.a = loan.target.value;
    message.b = source.object.value;
    message.c = loan.half;
    message.words[0] = loan.slot;
    message.words[1] = static_cast<std::uint64_t>(source.type) |
                       static_cast<std::uint64_t>(loan.rights) << 8;
    send(system, to, message);
    stop(system, caller, EnvState::calling);
    caller.lending = loan.half;
    return true;
}

bool let_go(System& system, CapRef ref, std::uint32_t& steps) {
    Capability& capability = system.forest.at(ref);
    if (system.finished) return true;  // all cores are stopping: nobody answers
    if (capability.link == Link::borrowed) {
        disarm(system, ref);  // first: nothing more is derived from it or lent on
        if (!revoke(system, ref, steps)) return false;
        if (capability.peer == cap::no_cap) return true;
        ask(system, ref, MessageKind::give_back, Link::returning);
    } else if (capability.link == Link::lent) {
        ask(system, ref, MessageKind::recall, Link::recalling);
    }
    system.waits = true;
    return false;
}

bool serve_recalls(System& system) {
    std::uint32_t steps = steps_per_call;
    bool more = false;
    CapRef previous = cap::no_cap;
    for (CapRef ref = system.recalls; ref != cap::no_cap;) {
        const Capability capability = system.forest.at(ref);
        system.waits = false;
        if (revoke(system, ref, steps)) {
            (previous == cap::no_cap ? system.recalls : system.forest.at(previous).next) =
                capability.next;
            system.forest.remove(ref);
            tell(system, capability.core, MessageKind::recalled, capability.peer);
            answered(system);
        } else {
            more |= !system.waits;
            previous = ref;
        }
        ref = capability.next;
    }
    return more;
}

void take_lend(System& system, std::uint32_t from, const Message& message) {
    CapRef ref = cap::no_cap;
    const Status status = place(system, from, message, ref);
    Message reply{};
    reply.kind = MessageKind::lent;
    reply.a = message.c;
    reply.b = ref;
    reply.c = static_cast<std::uint32_t>(status);
    send(system, from, reply);
}

void take_lent(System& system, const Message& message) {
    Capability& half = system.forest.at(message.a);
    CHITIN_ASSERT(half.link == Link::pending);
    Env& lender = holder(system, message.a);
    const auto status = static_cast<Status>(message.c);
    half.link = Link::lent;
    half.peer = message.b;
    if (status != Status::ok) delete_half(system, message.a);
    answered(system);
    if (lender.lending != message.a) return;
    lender.lending = cap::no_cap;
    if (system.info(lender).state != EnvState::calling) return;
    constexpr Words nothing{};
    come_back(system, lender, status, 0, nothing);
    make_runnable(system, lender);
}

void take_recall(System& system, std::uint32_t from, const Message& message) {
    Capability& half = system.forest.at(message.a);
    if (half.link == Link::returning) {
        return tell(system, from, MessageKind::recalled, message.b);
    }
    CHITIN_ASSERT(half.link == Link::borrowed && half.peer == message.b);
    disarm(system, message.a);
    half.link = Link::recalled;
    half.next = system.recalls;
    system.recalls = message.a;
    system.next_event = Instant{0};
}

void take_recalled(System& system, const Message& message) {
    unlink(system, message.a, Link::recalling);
    answered(system);
}

void take_give_back(System& system, std::uint32_t from, const Message& message) {
    if (system.forest.at(message.a).link == Link::lent) delete_half(system, message.a);
    tell(system, from, MessageKind::taken_back, message.b);
}

void take_taken_back(System& system, const Message& message) {
    unlink(system, message.a, Link::returning);
    answered(system);
}

}  // namespace kernel::env

#include "kernel/env/revocation.hpp"

#include "kernel/env/holdings.hpp"
#include "kernel/env/upcalls.hpp"

namespace kernel::env {

namespace {

constexpr FrameNumber no_frame{0};

// The request is over: its requester learns what was taken and what could not be.
void finish_request(System& system, FrameNumber name) {
    mem::Account& account = system.memory.account(name);
    const std::uint32_t unmet = account.held > account.target ? account.held - account.target : 0;
    const std::uint32_t taken = account.repossessed;
    const EnvId requester = account.requester;
    cancel_request(system, name);
    const FrameNumber to = system.envs[requester.value];
    if (to == no_frame) return;
    const EnvId bound = account.bound == no_frame ? abi::no_env : system.env(account.bound).id;
    Env& env = system.env(to);
    env.pending.done_counts = taken | std::uint64_t{unmet} << 32;
    env.pending.done_env = bound.value;
    post(system, env, Upcall::revocation_done);
}

// Tells the holder of a capability that is about to be taken.
void tell_repossessed(System& system, CapRef ref) {
    system.core.probe(machine::Probe::repossessed);
    Env& env = holder(system, ref);
    const Capability& capability = system.forest.at(ref);
    const Slot slot = slot_in_holder(system, ref);
    abi::UpcallPage* page = env.page;
    if (page == nullptr || env.vector == ref) {
        env.pending.repossessed_untold++;
    } else {
        const std::uint32_t count = page->repossessed_count;
        if (count < abi::repossessed_max) {
            const std::uint64_t address =
                capability.mapping == 0
                    ? 0
                    : system.window_base + (std::uint64_t{capability.mapping} << abi::page_shift);
            page->repossessed[count] = {slot, capability.object, abi::VirtAddr{address}};
        }
        if (count != ~std::uint32_t{0}) page->repossessed_count = count + 1;
    }
    post(system, env, Upcall::repossession);
}

// Takes what is missing from one account; true when its request is over.
bool abort_request(System& system, FrameNumber name, std::uint32_t& steps) {
    mem::Account& account = system.memory.account(name);
    std::uint32_t waiting = 0;  // frames that still have to come back from other cores
    FrameNumber frame = account.loose.first;
    while (account.active && account.held > account.target + waiting && frame != no_frame) {
        if (steps == 0) return false;
        const FrameNumber next = system.memory.frame(frame).next;
        if (!unname(system, frame, cap::no_cap, true, steps)) ++waiting;
        frame = next;
    }
    if (waiting > 0) return false;
    if (account.active) finish_request(system, name);
    return true;
}

}  // namespace

bool unname(System& system, FrameNumber object, CapRef keep, bool tell, std::uint32_t& steps) {
    const abi::FrameInfo& info = system.memory.frame(object);
    bool kept = false;
    for (CapRef ref = info.first_cap; ref != cap::no_cap;) {
        if (steps == 0) return false;
        const Capability& capability = system.forest.at(ref);
        if (capability.child != cap::no_cap) {
            --steps;
            system.forest.move_child(ref, cap::no_cap);
            ref = info.first_cap;
            continue;
        }
        const CapRef next = capability.next;
        kept |= ref == keep;
        const bool half = capability.link != cap::Link::none || capability.peer != cap::no_cap;
        if (tell && !half) tell_repossessed(system, ref);
        if (ref != keep && !erase(system, ref, steps)) --steps;
        ref = next;
    }
    if (kept && info.caps == 1) erase(system, keep, steps);
    return info.caps == 0;
}

void start_request(System& system, FrameNumber name, EnvId requester, std::uint32_t count,
                   Instant deadline) {
    mem::Account& account = system.memory.account(name);
    CHITIN_ASSERT(!account.active && count > 0);
    account.active = true;
    account.requester = requester;
    account.target = account.held > count ? account.held - count : 0;
    account.repossessed = 0;
    account.deadline = deadline;
    account.next_request = system.requests;
    system.requests = name;
    system.due_at(deadline);
    if (account.bound != no_frame) {
        Env& env = system.env(account.bound);
        env.pending.revocation_frames = account.held - account.target;
        env.pending.revocation_deadline = deadline.value;
        post(system, env, Upcall::revocation);
    }
    if (account.held <= account.target) finish_request(system, name);
}

void cancel_request(System& system, FrameNumber name) {
    mem::Account& account = system.memory.account(name);
    if (!account.active) return;
    account.active = false;
    FrameNumber* link = &system.requests;
    for (std::uint32_t i = 0; *link != name; ++i) {
        CHITIN_ASSERT(*link != no_frame && i < system.memory.system().pool_frames);
        link = &system.memory.account(*link).next_request;
    }
    *link = account.next_request;
    account.next_request = no_frame;
}

void forget_requester(System& system, EnvId requester) {
    for (FrameNumber name = system.requests; name != no_frame;) {
        mem::Account& account = system.memory.account(name);
        if (account.requester == requester) account.requester = abi::no_env;
        name = account.next_request;
    }
}

bool serve_requests(System& system, Instant now) {
    std::uint32_t steps = steps_per_call;
    FrameNumber name = system.requests;
    while (name != no_frame) {
        const mem::Account& account = system.memory.account(name);
        const FrameNumber next = account.next_request;
        system.waits = false;
        const bool over = account.deadline > now || abort_request(system, name, steps);
        if (!over && !system.waits) return true;
        name = next;
    }
    return false;
}

Instant next_deadline(System& system, Instant now) {
    Instant earliest = abi::never;
    for (FrameNumber name = system.requests; name != no_frame;) {
        const mem::Account& account = system.memory.account(name);
        // One that is past waits for another core's answer, which brings it back here.
        if (account.deadline > now) earliest = min(earliest, account.deadline);
        name = account.next_request;
    }
    return earliest;
}

void forget_frame(System& system, FrameNumber frame) {
    const FrameNumber payer = system.memory.frame(frame).account;
    system.memory.release(frame);
    mem::Account& account = system.memory.account(payer);
    if (!account.active) return;
    const bool late = account.deadline <= system.core.now();
    if (late) account.repossessed++;
    if (account.bound != no_frame) {
        EnvInfo& info = system.info(system.env(account.bound));
        ++(late ? info.repossessed : info.released);
    }
    if (account.held <= account.target) finish_request(system, payer);
}

}  // namespace kernel::env

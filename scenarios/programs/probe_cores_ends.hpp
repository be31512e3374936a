// Ends: environments that go while another core has something of theirs, or waits for them.
//
// Part of program probe_cores; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe_cores.hpp"

namespace scenarios::probe_cores {

constexpr Rights all_of_env = Rights::manage | Rights::grant | Rights::call;
constexpr unsigned loans = 8;

inline void Director::borrower_destroyed() {
    const Word free = free_on(1);
    const auto far = child_on(1, sleeps);
    const Slot env = borrow(1, far.env, all_of_env);
    Slot halves[loans];
    for (unsigned i = 0; i < loans; ++i) {
        halves[i] = slot();
        right(Call::cap_lend, "to a child of another core",
              {{env.value, frame_.value, 100 + i, shared, halves[i].value}});
    }
    const Answer gone = ask(1, make, Call::env_destroy, {{far.env.value}});
    expect("destroying a borrower", Status::ok, gone.status);
    right_on(1, Call::cap_delete, "its account", {{0, far.account.value}});
    for (const Slot half : halves) {
        expect("a destroyed borrower has nothing", 1, empty(half) ? 1 : 0);
        env_.space().give_slot(half);
    }
    expect("a destroyed environment has no name", 1, empty(env) ? 1 : 0);
    expect("its frames are free", free, free_on(1));
    worst("destroy a borrower of 8 frames", gone.ns);
}

// Core 0's child lends a frame of its parent's into eight slots of core 1.
inline void Director::lender_destroyed() {
    const Word free = free_frames();
    Slot its[loans];
    for (Slot& each : its) each = slot_on(1);
    const auto lender = child(lends, its[0].value);
    give(lender, frame_, slot_frame, Rights::read | Rights::grant);
    give(lender, peer(1), slot_peer, Rights::manage);
    sleep(200'000);
    for (unsigned i = 0; i < loans; ++i) {
        expect("slots in a row", its[0].value + i, its[i].value);
        expect("lent by a child", 0, empty_on(1, its[i]) ? 1 : 0);
    }
    right_on(1, Call::map, "what a child lent", {{0, its[3].value, region_, read}});
    const Answer gone = call_now(env_, Call::env_destroy, {{lender.env.value}});
    expect("destroying a lender", Status::ok, gone.status);
    env_.space().give_slot(lender.env);
    drop(lender.account);
    for (const Slot each : its) {
        expect("of a destroyed lender nothing is left", 1, empty_on(1, each) ? 1 : 0);
    }
    expect("nor mapped", 1, faults_on(1, region_) ? 1 : 0);
    expect("its frames are free", free, free_frames());
    worst("destroy a lender of 8 frames", gone.ns);
}

// Two that have lent each other's capabilities and memory, destroyed at all distances in time.
inline void Director::both_destroyed() {
    const Word free = free_frames();
    const Word free_there = free_on(1);
    for (Word delay = 0; delay < 6000; delay += 400) {
        const auto near = child(sleeps);
        const auto far = child_on(1, sleeps);
        const Slot far_here = borrow(1, far.env, all_of_env);
        const Slot near_half = slot();
        right(Call::cap_lend, "one to the other",
              {{far_here.value, near.env.value, 100, word_of(all_of_env), near_half.value}});
        give(near, far_here, Slot{100}, all_of_env);
        const Slot half = slot();
        right(Call::cap_lend, "a frame to the other",
              {{far_here.value, frame_.value, 101, shared, half.value}});
        later_on(1, Call::env_destroy, {{far.env.value}}, delay);
        right(Call::env_destroy, "both at once", {{near.env.value}});
        env_.space().give_slot(near.env);
        drop(near.account);
        expect("both at once", Status::ok, outcome(1));
        right_on(1, Call::cap_delete, "its account", {{0, far.account.value}});
        expect("nothing is left of both", 1,
               empty(far_here) && empty(near_half) && empty(half) ? 1 : 0);
        for (const Slot each : {far_here, near_half, half}) env_.space().give_slot(each);
    }
    expect("frames returned", free, free_frames());
    expect("frames returned there", free_there, free_on(1));
}

// Lending to one that is just being destroyed on its own core.
inline void Director::lent_into_the_dying() {
    Word refused = 0;
    for (Word delay = 0; delay < 4000; delay += 100) {
        const auto far = child_on(1, sleeps);
        const Slot env = borrow(1, far.env, all_of_env);
        later_on(1, Call::env_destroy, {{far.env.value}}, delay);
        const Slot half = slot();
        const Status status =
            own(Call::cap_lend, {{env.value, frame_.value, 100, shared, half.value}});
        const bool fits = status == Status::ok || status == Status::bad_state ||
                          status == Status::no_right || status == Status::empty_slot;
        expect("lending to the dying", 1, fits ? 1 : 0);
        if (status == Status::bad_state) ++refused;
        expect("dying while it is lent to", Status::ok, outcome(1));
        right_on(1, Call::cap_delete, "its account", {{0, far.account.value}});
        expect("the dead keep nothing", 1, empty(half) && empty(env) ? 1 : 0);
        env_.space().give_slot(half);
        env_.space().give_slot(env);
    }
    expect("some were dying", 1, refused > 0 ? 1 : 0);
}

// The environment's last name is a half without rights; giving it back must not orphan it.
inline void Director::last_name_given_back() {
    const Word free = free_frames();
    const auto outer = child(sleeps);
    const auto inner = child(sleeps);
    expect("lending", Status::ok, lend(1, inner.env, its_[1], word_of(all_of_env), half_));
    drop(inner.env);
    wrong(Call::cap_delete, "the last name", Status::busy, {{0, half_.value}});
    right_on(1, Call::cap_delete, "what was borrowed", {{0, its_[1].value}});
    expect("the last name stays", 0, empty(half_) ? 1 : 0);
    wrong(Call::cap_delete, "the last name", Status::busy, {{0, half_.value}});
    wrong(Call::env_destroy, "without the right", Status::no_right, {{half_.value}});
    libos::rt::destroy(env_, outer);
    half_ = slot();  // its child is core 0's root's, and goes with it
    static_cast<void>(free);
}

// ---- calls

inline void Director::callee_destroyed() {
    const auto server = child_on(1, sleeps_first);
    const Slot env = borrow(1, server.env, all_of_env);
    const auto client = child(asks, 1);
    sleep(100'000);
    give(client, env, slot_peer, Rights::call);
    sleep(100'000);
    const volatile auto& info = env_.info().env(client.id);
    const auto state = info.state;
    expect("it waits for an answer", static_cast<Word>(kernel::abi::EnvState::calling),
           static_cast<Word>(state));
    wrong(Call::transfer_call, "one that serves another", Status::busy, {{env.value}});
    destroy_on(1, server);
    expect("its callee is gone", static_cast<Word>(Status::callee_gone),
           libos::rt::wait(env_, client));
    expect("and its name", 1, empty(env) ? 1 : 0);
    env_.space().give_slot(env);
    libos::rt::destroy(env_, client);
}

inline void Director::caller_destroyed() {
    const auto server = child_on(1, sleeps_first);
    const Slot env = borrow(1, server.env, all_of_env);
    const auto client = child(asks, 1);
    sleep(100'000);
    give(client, env, slot_peer, Rights::call);
    sleep(100'000);
    libos::rt::destroy(env_, client);
    wrong(Call::transfer_call, "it still serves the dead", Status::busy, {{env.value}});
    right(Call::wake, "it answers to nobody", {{env.value}});
    sleep(100'000);
    right(Call::transfer_call, "it serves on", {{env.value}});
    destroy_on(1, server);
    env_.space().give_slot(env);
}

inline void Director::calls_refused() {
    const Slot poor = derived(peer(1), Rights::manage);
    wrong(Call::transfer_call, "without the right", Status::no_right, {{poor.value}});
    wrong(Call::wake, "without the right", Status::no_right, {{poor.value}});
    drop(poor);
    const auto ended = child_on(1, asks);  // asks for nothing
    const Slot env = borrow(1, ended.env, all_of_env);
    right_on(1, Call::cap_grant, "whom to ask",
             {{ended.env.value, peer(2).value, slot_peer.value, word_of(Rights::call)}});
    sleep(200'000);
    wrong(Call::transfer_call, "one that has ended", Status::bad_state, {{env.value}});
    right(Call::wake, "one that has ended, on another core", {{env.value}});
    destroy_on(1, ended);
    wrong(Call::transfer_call, "one that is gone", Status::empty_slot, {{env.value}});
    env_.space().give_slot(env);
}

// Core 0 asks 1 to ask 2 to ask 0, which waits for 1.
inline void Director::circle() {
    const Words inner{{peer(0).value}};
    const Words outer{{peer(2).value, head_of(make, Call::transfer_call, inner), peer(0).value}};
    const Answer answer = ask(1, make, Call::transfer_call, outer);
    expect("a circle: asked", Status::ok, answer.status);
    expect("a circle: refused", static_cast<Word>(Status::busy), answer.value);
}

// More than can be under way at once: nothing is lost, and others come through.
inline void Director::floods() {
    constexpr unsigned most = 8;
    constexpr Word times = 50;
    const auto server = child_on(1, serves);
    const Slot env = borrow(1, server.env, all_of_env);
    libos::rt::Child children[most];
    for (unsigned i = 0; i < most; ++i) {
        children[i] = child(i % 2 == 0 ? asks : wakes, times);
        give(children[i], env, slot_peer, Rights::call);
    }
    Word worst_ns = 0;
    for (unsigned i = 0; i < 50; ++i) {
        expect("lending through a flood", Status::ok, lend(1, frame_, its_[1], read, half_));
        const Answer revoked = call_now(env_, Call::cap_revoke, {{frame_.value}});
        expect("revoking through a flood", Status::ok, revoked.status);
        if (revoked.ns > worst_ns) worst_ns = revoked.ns;
    }
    for (const auto& each : children) {
        expect("all of a flood came through", 0, libos::rt::wait(env_, each));
        libos::rt::destroy(env_, each);
    }
    destroy_on(1, server);
    env_.space().give_slot(env);
    worst("revoke beside a flood of calls", worst_ns);
}

// ---- memory taken back by force, of an environment that has lent it; hostile: and goes on to.
inline void Director::repossession(bool hostile) {
    const Word free = free_frames();
    Slot its[loans];
    for (Slot& each : its) each = slot_on(1);
    const auto lender = child(hostile ? relends : lends, its[0].value, 150);
    const Slot own_frame = slot();
    right(Call::frame_allocate, "a frame of the lender's",
          {{lender.account.value, own_frame.value, kernel::abi::any_frame.value}});
    give(lender, own_frame, slot_frame, Rights::read | Rights::grant);
    give(lender, peer(1), slot_peer, Rights::manage);
    right(Call::frame_guarantee, "the parent's word is not its", {{0, own_frame.value, 0}});
    sleep(200'000);
    if (!hostile) {
        right_on(1, Call::map, "before it is taken", {{0, its[2].value, region_, read}});
    }
    const Word begun = env_.now().value;
    right(Call::account_revoke, "all of it", {{lender.account.value, 10'000, begun + 1000}});
    const volatile auto& info = env_.info().env(lender.id);
    for (unsigned i = 0; i < 1000 && info.repossessed == 0; ++i) sleep(500);
    const Word taken_ns = env_.now().value - begun - 1000;
    expect("taken", 1, empty(own_frame) ? 1 : 0);
    for (const Slot each : its) expect("from all", 1, empty_on(1, each) ? 1 : 0);
    if (!hostile) expect("nor mapped", 1, faults_on(1, region_) ? 1 : 0);
    constexpr std::string_view once = "repossess what is lent";
    constexpr std::string_view again = "repossess from one that lends again";
    worst(hostile ? again : once, taken_ns);
    sleep(200'000);
    right(Call::account_revoke, "the request is over", {{lender.account.value, 1, never.value}});
    env_.space().give_slot(own_frame);
    libos::rt::destroy(env_, lender);
    expect("frames returned", free, free_frames());
}

// One that computes for seconds on the other core, and never gives way.
inline void Director::computing_neighbour() {
    const auto busy = child_on(1, computes);
    Word worst_ns = 0;
    for (unsigned i = 0; i < 50; ++i) {
        expect("lending", Status::ok, lend(1, frame_, its_[1], shared, half_));
        env_.compute(libos::rt::Nanoseconds{i * 37'003});
        const Answer revoked = call_now(env_, Call::cap_revoke, {{frame_.value}});
        expect("revoking", Status::ok, revoked.status);
        if (revoked.ns > worst_ns) worst_ns = revoked.ns;
    }
    worst("revoke from a core that computes", worst_ns);
    destroy_on(1, busy);
}

// A core whose root environment has ended answers still.
inline void Director::silent_core() {
    expect("lending", Status::ok, lend(3, frame_, its_[3], shared, half_));
    right_on(3, Call::map, "what was lent", {{0, its_[3].value, region_, read}});
    ask(3, stop, Call::null, {});
    sleep(100'000);
    wrong(Call::transfer_call, "a core that has ended", Status::callee_gone, {{peer(3).value}});
    right(Call::wake, "a core that has ended", {{peer(3).value}});
    const Slot spare = slot();
    wrong(Call::cap_lend, "to a core that has ended", Status::bad_state,
          {{peer(3).value, frame_.value, its_[2].value, read, spare.value}});
    const Answer revoked = call_now(env_, Call::cap_revoke, {{frame_.value}});
    expect("revoking from a core that has ended", Status::ok, revoked.status);
    expect("nothing is left", 1, empty(half_) ? 1 : 0);
    worst("revoke from a core that has ended", revoked.ns);
}

}  // namespace scenarios::probe_cores

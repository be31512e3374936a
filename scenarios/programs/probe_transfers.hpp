// Transfers: calling those who do not wait to be called, who end in the middle, or who call back.
//
// Part of program probe; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe.hpp"

namespace scenarios::probe {

constexpr Word ends_first = all_ones;  // word 1 of a request
constexpr Word sleeps_first = all_ones - 1;
constexpr Slot slot_peer{4};

// Calls the environment it is given, which does not answer.
inline int call_peer(Environment& env) {
    while (env.must(calls::cap_identify(slot_peer), "identifying").type != CapType::environment) {
        static_cast<void>(calls::yield());
    }
    static_cast<void>(calls::transfer_call(slot_peer, {sleeps_first}));
    return 8;
}

// Answers calls with word 1 plus 1, or ends or sleeps before it answers.
inline int serve(Environment& env, Manner manner) {
    if (manner == calls_peer) return call_peer(env);
    if (manner != serves) return 1;
    const volatile Word* const message = env.upcalls().page().message;
    calls::Words answer = {};
    for (;;) {
        const auto caller = calls::transfer_wait(kernel::abi::never, answer);
        if (!caller.has_value()) return 2;
        if (*caller == kernel::abi::no_env) continue;
        if (message[0] == ends_first) return 7;
        if (message[0] == sleeps_first) static_cast<void>(calls::park(kernel::abi::never));
        for (unsigned i = 0; i < kernel::abi::transfer_words; ++i) answer[i] = message[i] + 1;
    }
}

inline void Probe::wrong_transfers() {
    const Word callee = env_slot_.value;  // an embryo
    named(Call::wake, {{callee}}, {{0, CapType::environment, poor_env_.value}});
    named(Call::transfer_call, {{callee}}, {{0, CapType::environment, poor_env_.value}});
    wrong(Call::wake, "itself without the right", Status::no_right, {{0}});
    wrong(Call::transfer_call, "itself without the right", Status::no_right, {{0}});
    wrong(Call::wake, "an embryo", Status::bad_state, {{callee}});
    wrong(Call::transfer_call, "an embryo", Status::bad_state, {{callee}});
    right(Call::transfer_wait, "until the past", {{0}});
}

// Waits until the environment is in that state, however late it comes to it; false: it never does.
inline bool Probe::comes_to(kernel::abi::EnvId id, kernel::abi::EnvState state) {
    const volatile auto& info = env_.info().env(id);
    for (unsigned tries = 0; tries < 1000; ++tries) {
        static_cast<void>(calls::park(Instant{env_.now().value + 5'000'000}));
        const auto now = info.state;
        if (now == state) return true;
    }
    return false;
}

// Destroyed in the middle of its call: the server's answer goes nowhere, and it serves on.
inline void Probe::caller_that_goes(Slot server, kernel::abi::EnvId server_id) {
    const auto made = libos::rt::spawn(env_, {.program = "probe",
                                              .limit_frames = 400,
                                              .argument = calls_peer,
                                              .account_rights = Rights::all});
    expect("transfer_call", "a caller", 1, made.has_value() ? 1 : 0);
    if (!made.has_value()) return;
    right(Call::cap_grant, "the right to call",
          {{made->env.value, server.value, slot_peer.value, word_of(Rights::call)}});
    expect("transfer_call", "a caller waits", 1,
           comes_to(made->id, kernel::abi::EnvState::calling) ? 1 : 0);
    wrong(Call::transfer_call, "one that serves another", Status::busy, {{server.value, 1}});
    wrong(Call::transfer_call, "one that calls another", Status::busy, {{made->env.value, 1}});
    libos::rt::destroy(env_, *made);
    right(Call::wake, "the server of one that is gone", {{server.value}});
    expect("transfer_call", "the server waits again", 1,
           comes_to(server_id, kernel::abi::EnvState::parked) ? 1 : 0);
    expect("transfer_call", "it serves on", 2,
           calls::transfer_call(server, {1}).value_or(0));
}

inline void Probe::transfers() {
    wrong_transfers();
    const Word free = counters().free;
    const auto made = libos::rt::spawn(env_, {.program = "probe",
                                              .limit_frames = 400,
                                              .argument = serves,
                                              .account_rights = Rights::all});
    expect("transfer_call", "a server", 1, made.has_value() ? 1 : 0);
    if (!made.has_value()) return;
    const Word server = made->env.value;
    wrong(Call::transfer_call, "before it waits", Status::busy, {{server}});
    expect("transfer_call", "a server waits", 1,
           comes_to(made->id, kernel::abi::EnvState::parked) ? 1 : 0);
    const volatile Word* const message = env_.upcalls().page().message;
    for (Word round = 0; round < 20; ++round) {
        const auto answer = calls::transfer_call(made->env, {round, 2, 3, 4, top_bit});
        expect("transfer_call", "word 1", round + 1, answer.value_or(0));
        expect("transfer_call", "word 2", 3, message[1]);
        expect("transfer_call", "word 5", top_bit + 1, message[4]);
    }
    right(Call::wake, "who waits to be called", {{server}});
    right(Call::wake, "who runs", {{server}});
    expect("transfer_call", "a woken server waits", 1,
           comes_to(made->id, kernel::abi::EnvState::parked) ? 1 : 0);
    right(Call::transfer_call, "after a wake", {{server, 1}});
    caller_that_goes(made->env, made->id);
    wrong(Call::transfer_call, "who ends first", Status::callee_gone, {{server, ends_first}});
    wrong(Call::transfer_call, "who has ended", Status::bad_state, {{server, 1}});
    wrong(Call::wake, "who has ended", Status::bad_state, {{server}});
    wrong(Call::yield, "to who has ended", Status::bad_state, {{server}});
    libos::rt::destroy(env_, *made);
    expect("transfer_call", "frames returned", free, counters().free);
}

}  // namespace scenarios::probe

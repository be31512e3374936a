// Transfers: calling those who do not wait to be called, who end in the middle, or who call back.
//
// Part of program probe; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe.hpp"

namespace scenarios::probe {

// Answers calls with word 1 plus 1, until it is told to end before it answers.
inline int serve(Environment& env, Manner manner) {
    if (manner != serves) return 1;
    const volatile Word* const message = env.upcalls().page().message;
    calls::Words answer = {};
    for (;;) {
        const auto caller = calls::transfer_wait(kernel::abi::never, answer);
        if (!caller.has_value()) return 2;
        if (*caller == kernel::abi::no_env) continue;
        if (message[0] == all_ones) return 7;
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
    static_cast<void>(calls::park(Instant{env_.now().value + 5'000'000}));
    const volatile Word* const message = env_.upcalls().page().message;
    for (Word round = 0; round < 20; ++round) {
        const auto answer = calls::transfer_call(made->env, {round, 2, 3, 4, all_ones - 1});
        expect("transfer_call", "word 1", round + 1, answer.value_or(0));
        expect("transfer_call", "word 2", 3, message[1]);
        expect("transfer_call", "word 5", all_ones, message[4]);
    }
    right(Call::wake, "who waits to be called", {{server}});
    right(Call::wake, "who runs", {{server}});
    static_cast<void>(calls::park(Instant{env_.now().value + 5'000'000}));
    right(Call::transfer_call, "after a wake", {{server, 1}});
    wrong(Call::transfer_call, "who ends first", Status::callee_gone, {{server, all_ones}});
    wrong(Call::transfer_call, "who has ended", Status::bad_state, {{server, 1}});
    wrong(Call::wake, "who has ended", Status::bad_state, {{server}});
    libos::rt::destroy(env_, *made);
    expect("transfer_call", "frames returned", free, counters().free);
}

}  // namespace scenarios::probe

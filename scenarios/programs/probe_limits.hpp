// Limits: what happens where something runs out, or is taken at the worst moment.
//
// Part of program probe; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe.hpp"

namespace scenarios::probe {

// A child that says it is always on its way back from an upcall, to nowhere.
[[noreturn]] inline void resume_anywhere(volatile kernel::abi::UpcallPage& page) {
    page.resume_begin = 0;
    page.resume_end = all_ones;
    page.saved.rip = all_ones;
    page.saved.rsp = top_bit;
    page.saved.cs = 0;
    __builtin_trap();
}

// A child that asks for a frame back, without end, and ends before it gets an answer.
inline int ask_and_end(Environment& env) {
    const Slot own = kernel::abi::slot_account;
    const auto payer = env.space().allocate();
    if (!payer.has_value() || !calls::account_create(own, *payer, 8, 0).has_value()) return 8;
    if (!env.space().allocate(kernel::abi::any_frame, *payer).has_value()) return 9;
    return calls::account_revoke(*payer, 1, kernel::abi::never).has_value() ? 7 : 10;
}

// Until no number is left: the one more fails, and has no effect.
inline void Probe::environment_numbers() {
    Slot envs[kernel::abi::environments_max];
    Slot payers[kernel::abi::environments_max];
    const Counters before = counters();
    const Slot one_more = account(16, 0);
    const Slot parts[3] = {frame(), frame(), frame()};
    const Words words{{one_more.value, parts[0].value, parts[1].value, parts[2].value}};
    unsigned made = 0;
    for (Word id = 1; id < kernel::abi::environments_max; ++id) {
        const auto number = kernel::abi::EnvId{static_cast<std::uint16_t>(id)};
        if (env_.info().env(number).state != kernel::abi::EnvState::none) continue;
        payers[made] = account(16, 0);
        envs[made] = embryo(payers[made]);
        ++made;
    }
    wrong(Call::env_create, "no number left", Status::no_environments, words);
    for (unsigned i = 0; i < made; ++i) {
        right(Call::env_destroy, "an embryo", {{envs[i].value}});
        env_.space().give_slot(envs[i]);
        drop(payers[i]);
    }
    for (const Slot part : parts) drop(part);
    drop(one_more);
    expect("env_create", "frames returned", before.free, counters().free);
}

// Frames that are guaranteed to others cannot be had, though they are free.
inline void Probe::frames_owed_to_others() {
    constexpr Word left = 16;
    const Counters before = counters();
    const Slot spare = slot();
    const Slot payer = frame();
    const Word owed = counters().free - counters().reserved - left;
    right(Call::account_create, "owed nearly all",
          {{kernel::abi::slot_account.value, payer.value, owed, owed}});
    Slot taken[left];
    for (Slot& each : taken) each = frame();
    wrong(Call::frame_allocate, "owed to another", Status::no_frames,
          {{kernel::abi::slot_account.value, spare.value, kernel::abi::any_frame.value}});
    right(Call::frame_allocate, "by whom it is owed to",
          {{payer.value, spare.value, kernel::abi::any_frame.value}});
    drop(spare);
    for (const Slot each : taken) drop(each);
    drop(payer);
    expect("frame_allocate", "frames returned", before.free, counters().free);
    expect("frame_allocate", "reserved", before.reserved, counters().reserved);
}

}  // namespace scenarios::probe

// Worker: the root environment of a core other than core 0 makes the calls that it is asked for.
//
// Part of program probe_cores; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe_cores.hpp"

namespace scenarios::probe_cores {

class Worker {
public:
    explicit Worker(Environment& env) : env_{env}, faults_{env} {}

    int run() {
        region_ = env_.space().reserve(512).value;
        env_.must(env_.space().install_leaf(VirtAddr{region_}), "a leaf table");
        const volatile Word* const message = env_.upcalls().page().message;
        calls::Words answer = {};
        while (!stopped_) {
            const auto caller = calls::transfer_wait(never, answer);
            if (!caller.has_value() || *caller == kernel::abi::no_env) continue;
            const Word head = message[0];
            const Words asked{{message[1], message[2], message[3], message[4],
                               head >> 16 & 0xff'ffff, head >> 40}};
            const Words words = moved(asked, region_name, region_);
            const Answer done = work(head & 0xff, static_cast<Call>(head >> 8 & 0xff), words);
            answer[0] = static_cast<Word>(done.status);
            answer[1] = done.value;
            answer[2] = done.ns;
            if ((head & 0xff) == later) do_later(static_cast<Call>(head >> 8 & 0xff), words);
        }
        static_cast<void>(calls::transfer_wait(Instant{0}, answer));
        return 0;
    }

private:
    Answer work(Word what, Call call, const Words& words) {
        const volatile auto& system = env_.info().system();
        switch (what) {
            case make: return call_now(env_, call, words);
            case result: return {last_, 0, system.free_frames};
            case take_slot: {
                const auto slot = env_.space().take_slot();
                return {Status::ok, slot.has_value() ? slot->value : all_ones, 0};
            }
            case touch:
                return {Status::ok, faults_.at(words.word[0], words.word[1] != 0) ? Word{1} : 0,
                        0};
            case spawn: return start(words.word[0]);
            case stop: stopped_ = true; break;
            default: break;
        }
        return {Status::ok, 0, 0};
    }
    Answer start(Word manner) {
        const auto made = libos::rt::spawn(
            env_, {.program = "probe_cores", .limit_frames = 300, .argument = manner});
        if (!made.has_value()) return {made.error(), 0, 0};
        return {Status::ok, made->env.value | Word{made->account.value} << 16, 0};
    }
    void do_later(Call call, const Words& words) {
        const calls::Words answer = {};
        static_cast<void>(calls::transfer_wait(Instant{0}, answer));  // the answer goes out
        env_.compute(libos::rt::Nanoseconds{words.word[3]});
        last_ = call_now(env_, call, words.with(3, 0)).status;
    }

    Environment& env_;
    Faults faults_;
    Word region_ = 0;
    Status last_ = Status::ok;
    bool stopped_ = false;
};

// ---- children, on any core

inline bool has(Environment& env, Slot slot) {
    return env.must(calls::cap_identify(slot), "identifying").type != CapType::none;
}

// Answers every call with its words; the first one only after it was woken, if it `dawdles`.
inline int serve(bool dawdles) {
    calls::Words answer = {};
    for (;;) {
        const auto caller = calls::transfer_wait(never, answer);
        if (!caller.has_value()) return 2;
        if (*caller == kernel::abi::no_env || !dawdles) continue;
        static_cast<void>(calls::park(never));
        dawdles = false;
    }
}

// Asks, or wakes, `count` times, however often it is refused for the moment. The status of the
// first refusal that is final.
inline int insist(Environment& env, bool asks_it, Word count) {
    while (!has(env, slot_peer)) static_cast<void>(calls::yield());
    for (Word done = 0; done < count;) {
        const calls::Words words = {1};
        const auto result = asks_it ? calls::transfer_call(slot_peer, words)
                                    : calls::wake(slot_peer);
        if (result.has_value()) {
            ++done;
        } else if (result.error() != Status::busy) {
            return static_cast<int>(result.error());
        } else {
            env.compute(libos::rt::Nanoseconds{500});
        }
    }
    return 0;
}

// Lends its frame into `number` slots of the other from `first` on and sleeps; hostile: again and
// again, as fast as it can, into whichever is empty.
inline int lend_much(Environment& env, Word first, Word number, bool hostile) {
    while (!has(env, slot_peer) || !has(env, slot_frame)) static_cast<void>(calls::yield());
    constexpr Word most = 16;
    Slot halves[most];
    for (Word i = 0; i < number; ++i) halves[i] = env.must(env.space().take_slot(), "a slot");
    do {
        for (Word i = 0; i < number; ++i) {
            const Slot its{static_cast<std::uint32_t>(first + i)};
            static_cast<void>(calls::cap_lend(slot_peer, slot_frame, its,
                                              Rights::read | Rights::grant, halves[i]));
        }
    } while (hostile && has(env, slot_frame));
    for (;;) static_cast<void>(calls::park(never));
}

inline int misbehave(Environment& env) {
    const Word argument = env.start().argument;
    const Word number = argument >> 32;
    switch (static_cast<Manner>(argument & 0xffff'ffff)) {
        case computes:
            for (;;) static_cast<void>(calls::compute(libos::rt::Nanoseconds{1'000'000'000}));
        case sleeps:
            for (;;) static_cast<void>(calls::park(never));
        case serves: return serve(false);
        case sleeps_first: return serve(true);
        case asks: return insist(env, true, number);
        case wakes: return insist(env, false, number);
        case lends: return lend_much(env, number, 8, false);
        case relends: return lend_much(env, number, 8, true);
        default: return 1;
    }
}

}  // namespace scenarios::probe_cores

// The parts of churn that others start: who serves, who calls, who only ends.
#pragma once

#include "scenarios/programs/churn/words.hpp"

namespace scenarios::churn {

// Answers one call at a time. Wakes that come before they are waited for are counted, until it is
// asked to answer at once: whoever woke it does not wake it for a call before that one any more.
class Server {
public:
    explicit Server(Environment& env)
        : env_{env}, window_{env.space().reserve(1)} {}

    int run() {
        // Before the first call: a look must need no further memory.
        env_.must(env_.space().install_leaf(window_), "a page table");
        Words reply{};
        for (;;) {
            const auto from = env_.must(calls::transfer_wait(never, reply), "serving");
            if (from == kernel::abi::no_env) {
                ++wakes_;
                continue;
            }
            const volatile Word* const words = env_.upcalls().page().message;
            const Word request = words[0];
            const Word word = words[1];
            if (request == hold) await_wake();
            if (request == answer) wakes_ = 0;  // a wake for a call that was refused or withdrawn
            reply[0] = request == look ? sum() : answer_to(word);
        }
    }

private:
    void await_wake() {
        if (wakes_ == 0) {
            env_.must(calls::park(never), "holding");
        } else {
            --wakes_;
        }
    }

    Word sum() {
        if (calls::map(slot_shared, window_, Rights::read).status != Status::ok) {
            return no_frame_there;
        }
        const auto* words = reinterpret_cast<const volatile Word*>(window_.value);
        const Word sum = words[0] + words[page_size / sizeof(Word) - 1];
        static_cast<void>(calls::unmap(slot_shared, 0));
        return sum;
    }

    Environment& env_;
    VirtAddr window_;
    Word wakes_ = 0;
};

// Calls the server in slot_server once, to be held, as soon as it has been given that.
inline int call_once(Environment& env, Word word) {
    while (env.must(calls::cap_identify(slot_server), "identifying").type == CapType::none) {
        static_cast<void>(calls::yield());
    }
    for (;;) {
        const auto called = calls::transfer_call(slot_server, {hold, word});
        if (called.has_value()) {
            if (*called == answer_to(word)) return answered;
            violation(env, "a caller got an answer that is not its own");
            return wrong_answer;
        }
        switch (called.error()) {
            case Status::busy: static_cast<void>(calls::yield()); break;
            case Status::callee_gone:
            case Status::bad_state:
            case Status::empty_slot:
            case Status::no_right: return server_gone;
            default: env.must(called, "calling");
        }
    }
}

}  // namespace scenarios::churn

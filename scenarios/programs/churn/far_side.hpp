// Core 1 of churn: keeps two servers, lends them to core 0, and replaces one where it is asked to.
#pragma once

#include "scenarios/programs/churn/stream.hpp"

namespace scenarios::churn {

constexpr std::uint32_t child_frames = 160;

inline Child start(Environment& env, Part part, Word word) {
    return env.must(libos::rt::spawn(env, {.program = "churn",
                                           .limit_frames = child_frames,
                                           .env_record = env.start().env_record,
                                           .argument = argument_of(part, word)}),
                    "starting an environment");
}

class FarSide {
public:
    explicit FarSide(Environment& env) : env_{env}, ring_at_{env.space().reserve(1)} {}

    int run() {
        for (Word number = 0; number < servers_far; ++number) open(number);
        env_.must(calls::wake(env_.peer(0)), "saying that it begins");
        Words reply{};
        for (;;) {
            const auto from = env_.must(calls::transfer_wait(never, reply), "serving");
            if (from == kernel::abi::no_env) continue;
            const volatile Word* const words = env_.upcalls().page().message;
            const Word request = words[0];
            const Word word = words[1];
            if (request == replace && word < servers_far) {
                libos::rt::destroy(env_, servers_[word]);
                env_.space().give_slot(halves_[word]);  // what stood for it is gone with it
                open(word);
            }
            reply[0] = answer_to(word);
            if (request == leave) break;
            if (request == stream) take_stream(reply, word);
        }
        env_.must(calls::transfer_wait(Instant{0}, reply), "the last answer");
        for (const Child& each : servers_) libos::rt::destroy(env_, each);
        return 0;
    }

private:
    // The sender goes on with its messages when it has the answer.
    void take_stream(Words& reply, Word count) {
        env_.must(env_.space().map(slot_ring, ring_at_, read_write), "mapping the ring");
        env_.must(calls::transfer_wait(Instant{0}, reply), "answering before the stream");
        receive_all(env_, ring_at_, count);
    }
    void open(Word number) {
        servers_[number] = start(env_, server, number);
        halves_[number] = env_.must(env_.space().take_slot(), "a slot");
        const Slot its{slot_server.value + static_cast<std::uint32_t>(number)};
        env_.must(calls::cap_lend(env_.peer(0), servers_[number].env, its,
                                  Rights::call | Rights::manage | Rights::grant, halves_[number]),
                  "lending a server");
    }

    Environment& env_;
    VirtAddr ring_at_;
    Child servers_[servers_far]{};
    Slot halves_[servers_far]{};
};

}  // namespace scenarios::churn

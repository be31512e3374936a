// churn: environments come and go in the middle of what they do, and are owed what they are owed.
//
// A seed draws steps: frames are allocated, written, moved, shared and freed; upcalls come while
// they are masked; servers and callers are destroyed in the middle of a call and replaced by others
// in the same frames. After each step what is owed is checked: contents, answers, upcalls; a result
// line {"violation": ...} says what was not given.
//
// Why no clock: for a search in which cores stand still at any time. Nothing here depends on when.
// How often a ring is polled depends on how fast host cores are: with `messages` the bare machine
// has another history.
#include "libos/load/random.hpp"
#include "scenarios/programs/churn/far_side.hpp"
#include "scenarios/programs/churn/frames.hpp"
#include "scenarios/programs/churn/inversion.hpp"
#include "scenarios/programs/churn/server.hpp"
#include "scenarios/programs/churn/signals.hpp"

namespace {

using namespace scenarios::churn;
using kernel::abi::EnvState;
using libos::rt::ParameterKind;

constexpr libos::rt::Parameter parameters[] = {
    {"steps", ParameterKind::integer, "48", "how many are drawn", 1, 1'000'000},
    {"messages", ParameterKind::integer, "0",
     "two cores: how many messages at most go at a time over a ring that both poll", 0, 10'000},
};

class Churn {
public:
    explicit Churn(Environment& env)
        : env_{env},
          random_{env.start().seed},
          messages_{static_cast<Word>(env.arguments().integer("messages"))},
          frames_{env},
          shared_{env.must(env.space().allocate(), "a frame")},
          shared_at_{env.space().reserve(1)},
          ring_at_{env.space().reserve(1)} {
        env.must(env.space().map(shared_, shared_at_, read_write), "mapping");
        env.upcalls().add(
            [](void* self, const libos::rt::UpcallData& data) {
                if (data.kind != Upcall::child_ended) return false;
                static_cast<Churn*>(self)->told_ = true;
                return true;
            },
            this);
    }

    int run() {
        near_ = start(env_, server, 0);
        await_others();
        const auto steps = static_cast<std::uint64_t>(env_.arguments().integer("steps"));
        for (std::uint64_t i = 0; i < steps; ++i) step();
        frames_.give_all();
        if (far()) ask(env_.peer(1), leave, 0);
        libos::rt::destroy(env_, near_);
        env_.upcalls().remove(this);
        libos::rt::JsonLine line;
        line.add("steps", steps).add("reused", reused_);
        env_.report(line);
        return 0;
    }

private:
    [[nodiscard]] bool far() const { return env_.info().system().cores > 1; }
    static Slot far_server(Word number) {
        return Slot{slot_server.value + static_cast<std::uint32_t>(number)};
    }
    [[nodiscard]] CapType type_in(Slot slot) {
        return env_.must(calls::cap_identify(slot), "identifying").type;
    }

    // Core 1 wakes this one when its servers are there.
    void await_others() {
        while (far() && type_in(far_server(servers_far - 1)) != CapType::environment) {
            env_.must(calls::park(never), "waiting for the other core");
        }
    }

    void step() {
        switch (random_.below(12)) {
            case 0: return upcall_while_masked();
            case 1: return server_goes(false);
            case 2: return far() ? server_goes(true) : server_goes(false);
            case 3: return caller_goes(far());
            case 4: return far() ? lend_far() : share_near();
            case 5: return share_near();
            case 6: return expect_answer(near_.env);
            case 8: return far() && messages_ != 0 ? stream_far() : share_near();
            case 7: return expect_answer(far() ? far_server(random_.below(2)) : near_.env);
            default:
                for (unsigned i = 0; i < 16; ++i) frames_.step(random_);
        }
    }

    Word ask(Slot callee, Request request, Word word) {
        for (;;) {
            const auto reply = calls::transfer_call(callee, {request, word});
            if (reply.has_value()) return *reply;
            if (reply.error() != Status::busy) env_.must(reply, "asking");
            static_cast<void>(calls::yield());
        }
    }
    void expect_answer(Slot callee) {
        const Word word = random_.draw();
        if (ask(callee, answer, word) != answer_to(word)) violation(env_, "a wrong answer");
    }

    // What comes while upcalls are masked is told when they no longer are.
    void upcall_while_masked() {
        told_ = false;
        const Child child = start(env_, leaver, 0);
        {
            const libos::rt::Masked masked{env_.upcalls()};
            while (!libos::rt::ended(env_, child)) static_cast<void>(calls::yield());
        }
        if (!told_) violation(env_, "nobody told of a child's end while upcalls were masked");
        libos::rt::destroy(env_, child);
    }

    // A caller of the server in `slot`, in the middle of its call.
    Child calling(Slot slot) {
        const Child child = start(env_, caller, random_.draw() >> part_bits);
        env_.must(calls::cap_grant(child.env, slot, slot_server, Rights::call), "granting");
        while (env_.info().env(child.id).state != EnvState::calling &&
               !libos::rt::ended(env_, child)) {
            static_cast<void>(calls::yield());
        }
        return child;
    }
    std::uint32_t ending_of(const Child& child) {
        const std::uint32_t code = libos::rt::wait(env_, child);
        libos::rt::destroy(env_, child);
        return code;
    }

    // A server that goes in the middle of a call: its caller is told.
    void server_goes(bool on_other_core) {
        const Word number = random_.below(servers_far);
        const Child child = calling(on_other_core ? far_server(number) : near_.env);
        if (on_other_core) {
            ask(env_.peer(1), replace, number);
        } else {
            libos::rt::destroy(env_, near_);
            near_ = start(env_, server, 0);
        }
        const std::uint32_t code = ending_of(child);
        if (code != server_gone) env_.panic("a caller ended with ", code);
    }

    // A caller that goes in the middle of its call. The next environment has its number and its
    // frame, and is in the middle of another call when the answer to the first one comes.
    void caller_goes(bool on_other_core) {
        const Slot first = on_other_core ? far_server(0) : near_.env;
        const Slot second = on_other_core ? far_server(1) : near_.env;
        const Child gone = calling(first);
        const FrameNumber frame = env_.must(calls::cap_identify(gone.env), "identifying").object;
        libos::rt::destroy(env_, gone);
        if (!on_other_core) env_.must(calls::wake(first), "letting it answer");
        offer_second(frame);
        const Child next = calling(second);
        const auto identity = env_.must(calls::cap_identify(next.env), "identifying");
        if (next.id == gone.id && identity.object == frame) ++reused_;
        if (on_other_core) {
            env_.must(calls::wake(first), "letting it answer the first");
            expect_answer(first);
        }
        env_.must(calls::wake(second), "letting it answer the second");
        const std::uint32_t code = ending_of(next);
        if (code != answered && code != wrong_answer) env_.panic("a caller ended with ", code);
    }

    // Makes `frame` the second that is allocated: the one that spawn() makes the environment.
    void offer_second(FrameNumber frame) {
        const auto second = env_.space().allocate(frame);
        if (!second.has_value()) return;
        const Slot first = env_.must(env_.space().allocate(), "a frame");
        env_.space().release(*second);
        env_.space().release(first);
    }

    Word write_shared() {
        auto* words = reinterpret_cast<volatile Word*>(shared_at_.value);
        const Word one = random_.draw() >> 2;
        const Word other = random_.draw() >> 2;
        words[0] = one;
        words[page_size / sizeof(Word) - 1] = other;
        return one + other;
    }
    void expect_seen(Slot callee, Word sum) {
        const Word seen = ask(callee, look, 0);
        if (seen == no_frame_there) env_.panic("a frame that was shared is not there");
        if (seen != sum) violation(env_, "a shared frame looks different to its borrower");
    }
    void expect_gone(Slot callee) {
        env_.must(calls::cap_revoke(shared_), "revoking");
        if (ask(callee, look, 0) != no_frame_there) {
            violation(env_, "a frame can be seen after it was revoked");
        }
    }
    void share_near() {
        const Word sum = write_shared();
        env_.must(calls::cap_grant(near_.env, shared_, slot_shared, Rights::read), "sharing");
        expect_seen(near_.env, sum);
        expect_gone(near_.env);
    }
    void lend_far() {
        const Word sum = write_shared();
        const Slot callee = far_server(random_.below(servers_far));
        const Slot half = env_.must(env_.space().take_slot(), "a slot");
        env_.must(calls::cap_lend(callee, shared_, slot_shared, Rights::read, half), "lending");
        expect_seen(callee, sum);
        expect_gone(callee);
        env_.space().give_slot(half);
    }

    void stream_far() {
        const Slot frame = env_.must(env_.space().allocate(), "a frame");
        const Slot half = env_.must(env_.space().take_slot(), "a slot");
        env_.must(env_.space().map(frame, ring_at_, read_write), "mapping the ring");
        env_.must(calls::cap_lend(env_.peer(1), frame, slot_ring, read_write, half), "lending");
        const Word count = 1 + random_.below(messages_);
        ask(env_.peer(1), stream, count);
        send_all(ring_at_, count);
        ask(env_.peer(1), answer, 0);  // it has them all
        env_.must(calls::cap_revoke(frame), "revoking the ring");
        env_.space().give_slot(half);
        env_.space().release(frame);
    }

    Environment& env_;
    libos::load::Random random_;
    Word messages_;
    Frames frames_;
    Slot shared_;
    VirtAddr shared_at_;
    VirtAddr ring_at_;
    Child near_{};
    volatile bool told_ = false;
    std::uint64_t reused_ = 0;  // how often a caller's successor was in its place
};

int run(Environment& env) {
    const Word argument = env.start().argument;
    switch (static_cast<Part>(argument & ((1u << part_bits) - 1))) {
        case server: return Server{env}.run();
        case caller: return call_once(env, argument >> part_bits);
        case leaver: return 0;
        default: break;
    }
    if (env.info().system().core != 0) return FarSide{env}.run();
    Inversion{env}.run();
    Signals{env}.run();
    return Churn{env}.run();
}

}  // namespace

CHITIN_PROGRAM(churn, "Environments come and go in mid-call, and check what they are owed.",
               parameters, run)

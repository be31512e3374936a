// Probe: what the hostile program's parts share: its words, its children's manners, its checks.
//
// Split from probe.cpp, which holds the checks themselves, one function a kind of call.
#pragma once

#include "scenarios/programs/probe_words.hpp"

namespace scenarios::probe {

using namespace probe_words;
using kernel::abi::EndReason;

constexpr unsigned account_depth_max = 8;  // kernel/abi/call.hpp, account_create
constexpr Word top_bit = Word{1} << 63;

// What a child does: its start argument.
enum Manner : Word {
    probing,
    exits,
    faults_masked,
    drops_vector,
    wild_handler,
    bad_handler,
    no_stack,
    wild_stack,
    never_yields,
    nests,
    illegal,
    sleeps,
    wild_resume,
    asks_and_ends,
    serves,
    calls_peer,
};

// The loop is hidden from the compiler, which would make it a call of strlen.
inline std::string_view name_of(Call call) {
    if (call >= Call::call_count) return "of no such number";
    const char* const name = kernel::abi::call_names[static_cast<unsigned>(call)];
    std::size_t size = 0;
    for (; name[size] != 0; ++size) asm volatile("");
    return {name, size};
}

// An argument that names a capability.
struct Named {
    unsigned index;
    CapType type;       // none: any type will do
    Word without = 0;   // a slot whose capability lacks the right; 0: none is needed
};

class Probe {
public:
    explicit Probe(Environment& env) : env_{env}, id_{env.id()} {}

    int run();

private:
    struct Counters {
        std::uint32_t free, reserved, used;
        bool operator==(const Counters&) const = default;
    };
    Counters counters() const {
        const volatile auto& system = env_.info().system();
        const volatile auto& own = env_.info().env(id_);
        return {system.free_frames, system.reserved_frames, own.frames_used};
    }

    void fail(std::string_view call, std::string_view what, Word expected, Word got) {
        ++failures_;
        env_.say("probe: call ", call, ": ", what, ": expected ", expected, " got ", got);
    }
    void expect(std::string_view call, std::string_view what, Word expected, Word got) {
        ++checks_;
        if (expected != got) fail(call, what, expected, got);
    }
    Status raw(Call call, const Words& w) {
        return calls::ask(call, w.word[0], w.word[1], w.word[2], w.word[3], w.word[4], w.word[5])
            .status;
    }
    // The call must fail with `status`, and change nothing.
    void wrong(Call call, std::string_view what, Status status, const Words& words) {
        const std::string_view name = name_of(call);
        const Counters before = counters();
        const Status got = raw(call, words);
        ++checks_;
        if (got != status) {
            ++failures_;
            env_.say("probe: call ", name, ": ", what, ": expected ",
                     libos::rt::status_name(status), ", got ", libos::rt::status_name(got));
        } else if (counters() != before) {
            fail(name, "a failing call had an effect", 0, 1);
        }
    }
    void right(Call call, std::string_view what, const Words& words) {
        expect(name_of(call), what, 0, static_cast<Word>(raw(call, words)));
    }
    Slot slot() { return env_.must(env_.space().take_slot(), "a slot"); }
    Slot frame(Slot account = kernel::abi::slot_account) {
        return env_.must(env_.space().allocate(kernel::abi::any_frame, account), "a frame");
    }
    Slot derived(Slot from, Rights rights) {
        const Slot to = slot();
        static_cast<void>(env_.must(calls::cap_derive(from, to, rights), "deriving"));
        return to;
    }
    void drop(Slot slot) {
        right(Call::cap_delete, "clean-up", {{0, slot.value}});
        env_.space().give_slot(slot);
    }

    void prepare();
    void named(Call call, const Words& good, std::initializer_list<Named> arguments);
    void capabilities();
    void frames();
    void maps();
    void tables();
    void accounts();
    void environments();
    void rest();
    void many_derivations();
    void many_environments();
    void instructions();
    void children();
    void child(std::string_view what, Manner manner, EndReason reason, std::uint32_t code);
    void revocations();
    void dangling_accounts();
    void environment_numbers();
    void frames_owed_to_others();
    void orphans();
    void slices();
    void slice_positions(Slot first);
    void slice_bindings(Slot first);
    void cycle_shapes();
    void codes();
    void wrong_downloads(const Words& good, std::span<const Slot> row);
    void wrong_predicates(Slot code);
    void refusals(Word page);
    void compiled(Word page, Slot text);
    void transfers();
    void wrong_transfers();
    void caller_that_goes(Slot server, kernel::abi::EnvId server_id);
    bool comes_to(kernel::abi::EnvId id, kernel::abi::EnvState state);
    Slot account(Word limit, Word guarantee, Slot parent = kernel::abi::slot_account);
    Slot embryo(Slot account);

    Environment& env_;
    kernel::abi::EnvId id_;
    Word checks_ = 0;
    Word failures_ = 0;
    Slot frame_{}, read_only_{}, rightless_{}, empty_{};
    Slot leaf_{}, poor_console_{}, poor_account_{}, sub_{}, env_slot_{}, poor_env_{};
    Word region_ = 0;
};

}  // namespace scenarios::probe

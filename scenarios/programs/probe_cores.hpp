// Probe of the cores: what its parts share: requests to other cores, children's manners, checks.
//
// Core 0's root environment decides; the root environments of the other cores make the calls it
// asks for (probe_cores_worker.hpp). Requests travel by transfer_call: there is nothing of a
// library's in between that could hide what the kernel does.
#pragma once

#include "scenarios/programs/probe_words.hpp"

namespace scenarios::probe_cores {

using namespace probe_words;
using kernel::abi::never;

constexpr Word shared = word_of(Rights::read | Rights::write | Rights::grant);

// What a child does: its start argument, with a number of its own in the upper half.
enum Manner : Word {
    root = 0,
    computes,
    sleeps,
    serves,
    sleeps_first,
    asks,
    wakes,
    lends,
    relends,
};
constexpr Slot slot_peer{4};   // of a child: whom it calls, wakes, lends to
constexpr Slot slot_frame{5};  // what it lends

// What a worker can be asked. Word 0 of the request: what | call << 8 | word 5 << 16 | word 6 << 40
// of the call; the others are words 1 to 4 of the call. The answer: status, value, nanoseconds.
enum What : Word { make = 1, later, result, take_slot, touch, spawn, stop };

// Each core has a region of its own to map at. Requests name it by where no address can be, since
// windows lie elsewhere on each core and each machine, and what is said must be the same.
constexpr Word region_bytes = 512 * page_size;
constexpr Word region_name = Word{1} << 50;
inline Words moved(Words w, Word from, Word to) {
    for (Word& word : w.word) {
        if (word - from < region_bytes) word += to - from;
    }
    return w;
}

inline Word head_of(What what, Call call, const Words& w) {
    return what | static_cast<Word>(call) << 8 | w.word[4] << 16 | w.word[5] << 40;
}

struct Answer {
    Status status;
    Word value;
    Word ns;
};

inline Answer call_now(Environment& env, Call call, const Words& w) {
    const Word begun = env.now().value;
    const auto answer =
        calls::ask(call, w.word[0], w.word[1], w.word[2], w.word[3], w.word[4], w.word[5]);
    return {answer.status, answer.value, env.now().value - begun};
}

// The loop is hidden from the compiler, which would make it a call of strlen.
inline std::string_view name_of(Call call) {
    const char* const name = kernel::abi::call_names[static_cast<unsigned>(call)];
    std::size_t size = 0;
    for (; name[size] != 0; ++size) asm volatile("");
    return {name, size};
}

// Skips the access that faulted, to where rbx says, and counts it.
struct Faults {
    Environment& env;
    Word count = 0;

    explicit Faults(Environment& environment) : env{environment} { env.upcalls().add(skip, this); }
    static bool skip(void* cookie, const libos::rt::UpcallData& data) {
        if (data.kind != Upcall::page_fault) return false;
        auto& self = *static_cast<Faults*>(cookie);
        ++self.count;
        auto& saved = self.env.upcalls().page().saved;
        saved.rip = saved.rbx;
        return true;
    }
    // Does reading, or writing, fault?
    bool at(Word address, bool write) {
        const Word before = count;
        if (write) {
            asm volatile("lea 1f(%%rip), %%rbx\n mov %%al, (%%rax)\n1:"
                         : : "a"(address) : "rbx", "memory");
        } else {
            asm volatile("lea 1f(%%rip), %%rbx\n mov (%%rax), %%cl\n1:"
                         : : "a"(address) : "rbx", "rcx", "memory");
        }
        return count != before;
    }
};

class Director {
public:
    explicit Director(Environment& env) : env_{env} {}
    int run();

private:
    static constexpr std::uint32_t cores = 4;

    void expect(std::string_view what, Word expected, Word got) {
        ++checks_;
        if (expected == got) return;
        ++failures_;
        env_.say("probe_cores: ", what, ": expected ", expected, ", got ", got);
    }
    void expect(std::string_view what, Status expected, Status got) {
        ++checks_;
        if (expected == got) return;
        ++failures_;
        env_.say("probe_cores: ", what, ": expected ", libos::rt::status_name(expected), ", got ",
                 libos::rt::status_name(got));
    }

    // ---- this core
    Status own(Call call, const Words& w) { return call_now(env_, call, w).status; }
    void wrong(Call call, std::string_view what, Status status, const Words& w) {
        const Status got = own(call, w);
        expect(what, status, got);
        if (got != status) env_.say("  in ", name_of(call));
    }
    void right(Call call, std::string_view what, const Words& w) {
        wrong(call, what, Status::ok, w);
    }
    Slot slot() { return env_.must(env_.space().take_slot(), "a slot"); }
    Slot frame() { return env_.must(env_.space().allocate(), "a frame"); }
    Slot derived(Slot from, Rights rights) {
        const Slot to = slot();
        right(Call::cap_derive, "deriving", {{from.value, to.value, word_of(rights)}});
        return to;
    }
    void drop(Slot slot) {
        right(Call::cap_delete, "clean-up", {{0, slot.value}});
        env_.space().give_slot(slot);
    }
    bool empty(Slot slot) {
        return env_.must(calls::cap_identify(slot), "identifying").type == CapType::none;
    }
    Word free_frames() {
        const volatile auto& system = env_.info().system();
        return system.free_frames;
    }
    void sleep(Word ns) {
        const Instant until{env_.now().value + ns};
        env_.upcalls().wait(until, [] { return false; });
    }
    Slot peer(std::uint32_t core) const { return env_.peer(core); }
    libos::rt::Child child(Manner manner, Word number = 0, std::uint32_t guarantee = 0) {
        return env_.must(libos::rt::spawn(env_, {.program = "probe_cores",
                                                 .limit_frames = 300,
                                                 .guarantee_frames = guarantee,
                                                 .argument = manner | number << 32}),
                         "a child");
    }
    void give(const libos::rt::Child& child, Slot from, Slot its, Rights rights) {
        right(Call::cap_grant, "granting",
              {{child.env.value, from.value, its.value, word_of(rights)}});
    }

    // ---- other cores
    Answer ask(std::uint32_t core, What what, Call call, const Words& given) {
        const Words w = moved(given, region_, region_name);
        const calls::Words words = {head_of(what, call, w), w.word[0], w.word[1], w.word[2],
                                    w.word[3]};
        for (;;) {
            const auto done = calls::transfer_call(peer(core), words);
            if (done.has_value()) break;
            if (done.error() != Status::busy) env_.must(done, "asking another core");
            env_.compute(libos::rt::Nanoseconds{100});
        }
        const volatile Word* const message = env_.upcalls().page().message;
        return {static_cast<Status>(message[0]), message[1], message[2]};
    }
    Status on(std::uint32_t core, Call call, const Words& w) {
        return ask(core, make, call, w).status;
    }
    void wrong_on(std::uint32_t core, Call call, std::string_view what, Status status,
                  const Words& w) {
        const Status got = on(core, call, w);
        expect(what, status, got);
        if (got != status) env_.say("  in ", name_of(call), " on core ", core);
    }
    void right_on(std::uint32_t core, Call call, std::string_view what, const Words& w) {
        wrong_on(core, call, what, Status::ok, w);
    }
    Slot slot_on(std::uint32_t core) {
        const Answer answer = ask(core, take_slot, Call::null, {});
        return Slot{static_cast<std::uint32_t>(answer.value)};
    }
    bool empty_on(std::uint32_t core, Slot slot) {
        const Answer answer = ask(core, make, Call::cap_identify, {{0, slot.value}});
        return (answer.value & 0xff) == 0;
    }
    bool faults_on(std::uint32_t core, Word address, bool write = false) {
        return ask(core, touch, Call::null, {{address, write ? Word{1} : Word{0}}}).value != 0;
    }
    Word free_on(std::uint32_t core) { return ask(core, result, Call::null, {}).ns; }
    // The core does it `delay` nanoseconds after it has answered; `outcome` asks how it went.
    void later_on(std::uint32_t core, Call call, const Words& w, Word delay) {
        ask(core, later, call, w.with(3, delay));
    }
    Status outcome(std::uint32_t core) { return ask(core, result, Call::null, {}).status; }
    libos::rt::Child child_on(std::uint32_t core, Manner manner) {
        const Answer made = ask(core, spawn, Call::null, {{manner}});
        expect("a child on another core", Status::ok, made.status);
        return {Slot{static_cast<std::uint32_t>(made.value & 0xffff)},
                Slot{static_cast<std::uint32_t>(made.value >> 16)},
                kernel::abi::no_env};
    }
    void destroy_on(std::uint32_t core, const libos::rt::Child& child) {
        right_on(core, Call::env_destroy, "destroying on another core", {{child.env.value}});
        right_on(core, Call::cap_delete, "its account", {{0, child.account.value}});
    }
    // A capability of another core's child, lent to this one.
    Slot borrow(std::uint32_t core, Slot env, Rights rights) {
        const Slot to = slot();
        right_on(core, Call::cap_lend, "lending an environment",
                 {{peer(0).value, env.value, to.value, word_of(rights), slot_on(core).value}});
        return to;
    }
    Status lend(std::uint32_t core, Slot source, Slot its, Word rights, Slot half) {
        return own(Call::cap_lend,
                   {{peer(core).value, source.value, its.value, rights, half.value}});
    }
    void worst(std::string_view operation, Word ns) {
        libos::rt::JsonLine line;
        line.add("operation", operation).add("worst_ns", ns);
        env_.report(line);
    }

    void prepare();
    void lending_refused();
    void halves_are_good_for_nothing();
    void borrowed_memory();
    void borrowed_environments();
    void revoked_everywhere();
    void deleted_from_either_end();
    void crossings();
    void borrower_destroyed();
    void lender_destroyed();
    void both_destroyed();
    void lent_into_the_dying();
    void last_name_given_back();
    void callee_destroyed();
    void caller_destroyed();
    void calls_refused();
    void circle();
    void floods();
    void ends_amid_calls();
    void floods_of_loans();
    void loans_from_all_cores();
    void slices_of_others();
    void repossession(bool hostile);
    void computing_neighbour();
    void silent_core();

    Environment& env_;
    Word checks_ = 0;
    Word failures_ = 0;
    Slot frame_{}, half_{}, leaf_{};
    Slot its_[cores] = {};
    Word region_ = 0;
};

}  // namespace scenarios::probe_cores

// Sequence: carries out its share of a list of kernel calls, whatever they are.
//
// It never judges: whatever the kernel answers is right here. What must hold after every event
// others look at (sim/checkers, tests/fuzz). The list is given as hexadecimal text, the same to
// all actors; each walks it and does what is its own, in order, as its time slices come.
//
// Invariant: it touches memory in the window only, and addresses that nobody can have, so that a
// sequence means the same on both machines.
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"
#include "scenarios/programs/sequence_disk.hpp"

namespace scenarios::sequence {
namespace {

using kernel::abi::Upcall;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::Instant;
using libos::rt::Rights;
using libos::rt::VirtAddr;

constexpr unsigned again_max = 256;       // repetitions of one call
constexpr unsigned endings_max = 16;      // how often a root looks whether its children have ended
constexpr Word ending_ns = 200'000;       // and waits between
constexpr std::uint32_t child_frames = 130;
constexpr Slot slot_sibling{4};           // of a child: actor i's environment at slot 4 + i

unsigned nibble(char digit) {
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    return digit >= 'a' && digit <= 'f' ? static_cast<unsigned>(digit - 'a') + 10 : 0;
}

// The bytes behind hexadecimal text.
struct Script {
    std::string_view text;

    std::size_t size() const { return text.size() / 2; }
    unsigned operator[](std::size_t index) const {
        return nibble(text[2 * index]) << 4 | nibble(text[2 * index + 1]);
    }
};

class Actor {
public:
    Actor(Environment& env, Script script)
        : env_{env}, script_{script}, plan_{plan_of(script)}, count_{count_of(script)} {}

    void play();

private:
    static bool upcall(void* actor, const libos::rt::UpcallData& data);

    void find_ground();
    void start_children();
    void start_child(unsigned actor);
    void introduce();
    void perform(const Step& step, std::size_t index);
    void perform_once(const Step& step, std::size_t index, unsigned repetition);
    Word enter(Call call, const Word (&words)[arguments_max]);
    void make_call(const Step& step, const Word (&words)[arguments_max]);
    void use_disk(unsigned operation, const Word (&words)[arguments_max], unsigned repetition);
    void set_page(Word field, Word address, Word byte);
    void wait_for_children();

    Environment& env_;
    Script script_;
    Plan plan_;
    std::size_t count_;
    unsigned self_ = 0;
    Ground ground_;
    Child children_[actors_max] = {};
    bool started_[actors_max] = {};
    std::size_t next_in_upcall_ = 0;
    Touch touch_{ground_};
    DiskHand disk_{env_, ground_, touch_};
};

// What actors this core's root starts: the first of them, and how many there can be.
struct Nursery {
    unsigned first, end;
};
Nursery nursery_of(const Plan& plan, unsigned self) {
    if (plan.cores == 1) return self == 0 ? Nursery{1, actors_max} : Nursery{0, 0};
    return self < 2 ? Nursery{self + 2, self + 3} : Nursery{0, 0};
}

void Actor::find_ground() {
    const auto& system = env_.info().system();
    const auto& start = env_.start();
    self_ = static_cast<unsigned>(start.argument);
    if (self_ == 0) self_ = system.core;
    self_ %= actors_max;
    ground_.window = system.window_base;
    ground_.base = start.space_base;
    ground_.stack_top = start.space_base + kernel::abi::stack_offset +
                        kernel::abi::stack_pages * page_size;
    ground_.upcall_page = start.space_base + libos::rt::runtime_offset;
    ground_.info = start.info;
    ground_.pool_first = system.pool_first.value;
    ground_.pool_frames = system.pool_frames;
    ground_.entry = env_.info().entry_of("sequence").value_or(0);
    ground_.named[named_page] = env_.upcalls().slot().value;
    ground_.named[named_stack] = start.first_free_slot - 1;
    ground_.named[named_peer] = start.peers_slot + 1 - system.core;
    if (plan_.disk) disk_.prepare();
    ground_.region = env_.space().reserve(1).value;
    if (plan_.bare) return;
    const auto leaf = env_.space().install_leaf(VirtAddr{ground_.region});
    ground_.named[named_leaf] = leaf.value_or(Slot{0}).value;
}

void Actor::start_child(unsigned actor) {
    const auto nursery = nursery_of(plan_, self_);
    if (actor < nursery.first || actor >= nursery.end || started_[actor]) return;
    const Rights rights = plan_.trusted ? Rights::all : Rights::allocate;
    const auto made = libos::rt::spawn(env_, {.program = "sequence",
                                              .limit_frames = child_frames,
                                              .guarantee_frames = plan_.guarantee ? 8u : 0u,
                                              .env_record = env_.start().env_record,
                                              .argument = actor,
                                              .account_rights = rights});
    if (!made.has_value()) return;
    started_[actor] = true;
    children_[actor] = *made;
    ground_.named[named_child + actor] = made->env.value;
    ground_.named[named_account + actor] = made->account.value;
    if (plan_.disk && plan_.trusted && env_.info().system().core == 0) {
        static_cast<void>(libos::rt::calls::cap_grant(made->env, kernel::abi::slot_disk,
                                                      kernel::abi::slot_disk, rights));
    }
}

void Actor::start_children() {
    const unsigned first = plan_.cores == 1 ? 1 : 2;
    for (unsigned i = 0; i < actors_max; ++i) {
        const bool wanted = i >= first && (plan_.children >> (i - first) & 1) != 0;
        if (wanted) start_child(i);
    }
    introduce();
}

// Each child gets its siblings.
void Actor::introduce() {
    const Rights rights = plan_.trusted ? Rights::all : Rights::call;
    for (unsigned to = 1; to < actors_max; ++to) {
        for (unsigned other = 1; other < actors_max; ++other) {
            if (to == other || !started_[to] || !started_[other]) continue;
            static_cast<void>(libos::rt::calls::cap_grant(
                children_[to].env, children_[other].env, Slot{slot_sibling.value + other},
                rights));
        }
    }
}

Word Actor::enter(Call call, const Word (&words)[arguments_max]) {
    return chitin_gate(words[0], words[1], words[2], words[3], words[4], words[5],
                       static_cast<Word>(call))
        .status;
}

void Actor::make_call(const Step& step, const Word (&words)[arguments_max]) {
    constexpr auto again = static_cast<Word>(kernel::abi::Status::again);
    const Call call = call_of(step.operation);
    const unsigned most = step.once ? 1 : again_max;
    Word status = again;
    for (unsigned i = 0; i < most && status == again; ++i) status = enter(call, words);
    constexpr auto ok = static_cast<Word>(kernel::abi::Status::ok);
    if (call == Call::disk_ring && words[0] == 0 && status == ok) disk_.begin_ring();
}

void Actor::use_disk(unsigned operation, const Word (&words)[arguments_max],
                     unsigned repetition) {
    switch (operation) {
        case put_request: return disk_.put_request(words);
        case await_answers: return disk_.await_answers(words[0], words[1]);
        case load_function: return disk_.load_function(words[0], words[1], words[2]);
        case take_row: return disk_.take_row(words[0], words[1]);
        case write_header:
            return disk_.write_header(words[0], words[1], words[2], words[3]);
        default:
            return disk_.write_entry(words[0], words[1] + repetition, words[2], words[3]);
    }
}

void Actor::set_page(Word field, Word address, Word byte) {
    volatile auto& page = env_.upcalls().page();
    const auto narrow = static_cast<std::uint32_t>(byte);
    switch (field % page_fields) {
        case 0: page.masked = narrow; break;
        case 1: page.wants = narrow << 6; break;
        case 2: page.critical = narrow; break;
        case 3: page.pending = narrow; break;
        case 4: page.repossessed_count = narrow; break;
        case 5: page.handler = address; break;
        case 6: page.stack_top = address; break;
        case page_field_resume:
            page.resume_begin = address;
            page.resume_end = address + byte;
            break;
        default:  // all addresses: parts of them would be others on another machine
            page.resume_begin = 0;
            page.resume_end = ~Word{0};
            break;
    }
}

void Actor::perform_once(const Step& step, std::size_t index, unsigned repetition) {
    const Shape& shape = shapes::all[step.operation];
    ground_.now = env_.info().system().now_ns;
    Word words[arguments_max] = {};
    for (unsigned i = 0; i < arguments_max; ++i) {
        words[i] = word_of(shape.kind[i], step.argument[i], repetition, ground_);
    }
    switch (step.operation) {
        case no_such_call:
            static_cast<void>(chitin_gate(words[1], words[2], words[3], words[4], words[5], 0,
                                          static_cast<Word>(Call::call_count) + words[0]));
            return;
        case read_memory: return touch_.byte(words[0], false, 0);
        case write_memory: return touch_.byte(words[0], true, words[1]);
        case illegal: return touch_.illegal();
        case spawn: return start_child(static_cast<unsigned>(words[0] % actors_max));
        case write_page: return set_page(words[0], words[1], words[2]);
        case interfere:
            static_cast<void>(enter(Call::cap_identify, {0, mark + index}));
            return;
        default: break;
    }
    if (makes_call(step.operation)) return make_call(step, words);
    use_disk(step.operation, words, repetition);
}

void Actor::perform(const Step& step, std::size_t index) {
    for (unsigned i = 0; i < step.times; ++i) perform_once(step, index, i);
    if (step.yields) static_cast<void>(enter(Call::yield, {}));
}

bool Actor::upcall(void* actor, const libos::rt::UpcallData& data) {
    auto& self = *static_cast<Actor*>(actor);
    if (data.kind == Upcall::page_fault || data.kind == Upcall::exception) {
        if (!self.touch_.resume(self.env_.upcalls().page())) return false;
    }
    while (self.next_in_upcall_ < self.count_) {
        const std::size_t index = self.next_in_upcall_++;
        const Step step = step_of(self.script_, index);
        if (step.actor != self.self_ || !step.in_upcall) continue;
        self.perform(step, index);
        break;
    }
    return data.kind != Upcall::repossession;  // which the runtime acknowledges
}

// What a root has started goes with it: it gives them time to come to their ends.
void Actor::wait_for_children() {
    for (unsigned i = 0; i < endings_max; ++i) {
        bool all = true;
        for (unsigned actor = 1; actor < actors_max; ++actor) {
            all &= !started_[actor] || libos::rt::ended(env_, children_[actor]);
        }
        if (all) return;
        static_cast<void>(enter(Call::park, {env_.info().system().now_ns + ending_ns}));
    }
}

void Actor::play() {
    find_ground();
    start_children();
    env_.upcalls().add(upcall, this);
    static_cast<void>(enter(Call::cap_identify, {0, mark_ready}));
    for (std::size_t index = 0; index < count_; ++index) {
        const Step step = step_of(script_, index);
        if (step.actor == self_ && !step.in_upcall) perform(step, index);
    }
    wait_for_children();
}

int run(Environment& env) {
    Actor{env, Script{env.arguments().text("script")}}.play();
    return 0;
}

constexpr libos::rt::Parameter parameters[] = {
    {"script", libos::rt::ParameterKind::text, "00", "the plan and the steps, as hexadecimal text"},
};

}  // namespace
}  // namespace scenarios::sequence

CHITIN_PROGRAM(sequence, "Carries out its share of a list of kernel calls.",
               scenarios::sequence::parameters, scenarios::sequence::run)

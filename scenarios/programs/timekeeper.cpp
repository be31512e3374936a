// timekeeper: a root environment that shares the core's time among the environments it starts.
//
// Each gets as many positions of the cycle as its argument `share` says, spread evenly; one is
// the timekeeper's own. It looks on, window by window, at what each was entitled to and what it
// got, then takes all slices back and checks that nothing is left of them.
#include "scenarios/programs/neighbours.hpp"

namespace {

using kernel::abi::CycleInfo;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::SliceInfo;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Slot;
using scenarios::programs::Neighbour;
using scenarios::programs::Neighbours;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"slice_us", ParameterKind::integer, "200", "length of a position", 1, 1'000'000},
    {"grace_us", ParameterKind::integer, "50", "how long its end may be put off", 0, 1'000'000},
    {"windows", ParameterKind::integer, "8", "how often it looks", 1, 1000},
    {"window_ms", ParameterKind::integer, "10", "virtual ms between two looks", 1, 100'000},
    {"limit", ParameterKind::integer, "160", "frames of each environment", 128, 1 << 20},
};

class Timekeeper {
public:
    explicit Timekeeper(Environment& env) : env_{env}, neighbours_{env} {}

    void start();
    void divide();
    void look_on();
    std::uint32_t finish();

private:
    std::uint64_t argument(std::string_view name) const {
        return static_cast<std::uint64_t>(env_.arguments().integer(name));
    }
    void bind(std::uint32_t position, Slot env);
    Neighbour& next_in_turn();
    void report_total(const Neighbour& neighbour);

    Environment& env_;
    Neighbours neighbours_;
};

void Timekeeper::start() {
    neighbours_.start(static_cast<std::uint32_t>(argument("limit")));
    if (neighbours_.shares() + 1 > kernel::abi::positions_max) {
        env_.panic("shares of over 63 positions");
    }
}

// Smooth weighted round robin: each position goes to the one that lags its share most.
Neighbour& Timekeeper::next_in_turn() {
    Neighbour* most = &neighbours_.all()[0];
    for (Neighbour& one : neighbours_.all()) {
        one.turn_credit += static_cast<std::int32_t>(one.share);
        if (one.turn_credit > most->turn_credit) most = &one;
    }
    most->turn_credit -= static_cast<std::int32_t>(neighbours_.shares());
    return *most;
}

void Timekeeper::bind(std::uint32_t position, Slot env) {
    const Slot slot = env_.must(env_.space().take_slot(), "a slot");
    env_.must(calls::slice_allocate(kernel::abi::slot_cycle, slot, position), "a slice");
    env_.must(calls::slice_bind(slot, env), "binding a slice");
}

void Timekeeper::divide() {
    env_.must(calls::cycle_shape(kernel::abi::slot_cycle, neighbours_.shares() + 1,
                                 Nanoseconds{argument("slice_us") * 1000},
                                 Nanoseconds{argument("grace_us") * 1000}),
              "shaping the cycle");
    bind(0, libos::rt::self);
    for (std::uint32_t position = 1; position <= neighbours_.shares(); ++position) {
        bind(position, next_in_turn().child.env);
    }
}

void Timekeeper::look_on() {
    const std::uint64_t span = argument("window_ms") * 1'000'000;
    Instant begun = env_.now();
    for (std::uint64_t window = 0; window < argument("windows"); ++window) {
        env_.upcalls().wait(Instant{begun.value + span}, [] { return false; });
        const Instant now = env_.now();
        neighbours_.report(window, now.value - begun.value, neighbours_.shares() + 1);
        begun = now;
    }
}

void Timekeeper::report_total(const Neighbour& neighbour) {
    const CycleInfo& cycle = env_.info().cycle();
    SliceInfo sum{};
    for (std::uint32_t position = 0; position < cycle.positions; ++position) {
        const SliceInfo& slice = cycle.slices[position];
        if (slice.env != neighbour.child.id) continue;
        sum.turns += slice.turns;
        sum.overrun_ns += slice.overrun_ns;
        sum.forfeited_ns += slice.forfeited_ns;
        sum.debt_ns += slice.debt_ns;
    }
    libos::rt::JsonLine line;
    line.add("who", neighbour.name)
        .add("share", neighbour.share)
        .add("turns", sum.turns)
        .add("overrun_ns", sum.overrun_ns)
        .add("forfeited_ns", sum.forfeited_ns)
        .add("debt_ns", sum.debt_ns)
        .add("time_ns", neighbours_.time_ns(neighbour));
    env_.report(line);
}

std::uint32_t Timekeeper::finish() {
    for (const Neighbour& one : neighbours_.all()) report_total(one);
    env_.must(calls::cap_revoke(kernel::abi::slot_cycle), "taking the slices back");
    const bool none_left = env_.info().cycle().allocated == 0;
    return neighbours_.finish() && none_left ? 0 : 1;
}

int run(Environment& env) {
    Timekeeper timekeeper{env};
    timekeeper.start();
    timekeeper.divide();
    timekeeper.look_on();
    return static_cast<int>(timekeeper.finish());
}

}  // namespace

CHITIN_PROGRAM(timekeeper, "Shares a core's time by slices, and shows what each got.", parameters,
               run)

// timekeeper: a root environment that shares the core's time among the environments it starts.
//
// Each gets as many positions of the cycle as its argument `share` says, spread evenly; one is
// the timekeeper's own. It looks on, window by window, at what each was entitled to and what it
// got, then takes all slices back and checks that nothing is left of them.
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::CycleInfo;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::SliceInfo;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::InfoWindow;
using libos::rt::ParameterKind;
using libos::rt::Rights;
using libos::rt::Slot;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"slice_us", ParameterKind::integer, "200", "length of a position", 1, 1'000'000},
    {"grace_us", ParameterKind::integer, "50", "how long its end may be put off", 0, 1'000'000},
    {"windows", ParameterKind::integer, "8", "how often it looks", 1, 1000},
    {"window_ms", ParameterKind::integer, "10", "virtual ms between two looks", 1, 100'000},
    {"limit", ParameterKind::integer, "160", "frames of each environment", 128, 1 << 20},
};

constexpr std::uint32_t consumers_max = kernel::abi::cell_envs_max;

struct Consumer {
    Child child;
    std::string_view name;
    std::uint32_t share;
    std::int32_t turn_credit;   // of the even spreading
    std::uint64_t time_ns = 0;  // at the last look
};

class Timekeeper {
public:
    explicit Timekeeper(Environment& env) : env_{env} {}

    void start();
    void divide();
    void look_on();
    std::uint32_t finish();

private:
    std::uint64_t argument(std::string_view name) const {
        return static_cast<std::uint64_t>(env_.arguments().integer(name));
    }
    std::uint32_t share_of(const kernel::abi::EnvRecord& record) const;
    void bind(std::uint32_t position, Slot env);
    Consumer& next_in_turn();
    void report(std::uint64_t window, std::uint64_t elapsed_ns);
    void report_total(const Consumer& consumer);

    Environment& env_;
    Consumer consumers_[consumers_max] = {};
    std::uint32_t count_ = 0;
    std::uint32_t shares_ = 0;
};

// Its argument `share`, which its own program checks again.
std::uint32_t Timekeeper::share_of(const kernel::abi::EnvRecord& record) const {
    constexpr std::string_view key = "share=";
    std::string_view text = env_.info().arguments(record);
    while (!text.empty() && !text.starts_with(key)) {
        while (!text.empty() && text.front() != '\n') text.remove_prefix(1);
        if (!text.empty()) text.remove_prefix(1);
    }
    if (text.empty()) return 1;
    std::uint32_t share = 0;
    for (text.remove_prefix(key.size()); !text.empty() && text.front() != '\n';) {
        share = share * 10 + static_cast<std::uint32_t>(text.front() - '0');
        text.remove_prefix(1);
    }
    return share;
}

void Timekeeper::start() {
    const kernel::abi::CellRecord& cell = env_.info().cell();
    for (std::uint32_t i = 1; i < cell.env_count; ++i) {
        auto options = libos::rt::options_of(env_, cell.first_env + i);
        options.limit_frames = static_cast<std::uint32_t>(argument("limit"));
        const auto* record = env_.info().env_record(cell.first_env + i);
        Consumer& consumer = consumers_[count_++];
        consumer.child = env_.must(libos::rt::spawn(env_, options), "starting an environment");
        consumer.name = InfoWindow::name_of(record->name);
        consumer.share = share_of(*record);
        shares_ += consumer.share;
    }
    if (shares_ + 1 > kernel::abi::positions_max) env_.panic("shares of over 63 positions");
}

// Smooth weighted round robin: each position goes to the one that lags its share most.
Consumer& Timekeeper::next_in_turn() {
    Consumer* most = &consumers_[0];
    for (std::uint32_t i = 0; i < count_; ++i) {
        Consumer& consumer = consumers_[i];
        consumer.turn_credit += static_cast<std::int32_t>(consumer.share);
        if (consumer.turn_credit > most->turn_credit) most = &consumer;
    }
    most->turn_credit -= static_cast<std::int32_t>(shares_);
    return *most;
}

void Timekeeper::bind(std::uint32_t position, Slot env) {
    const Slot slot = env_.must(env_.space().take_slot(), "a slot");
    env_.must(calls::slice_allocate(kernel::abi::slot_cycle, slot, position), "a slice");
    env_.must(calls::slice_bind(slot, env), "binding a slice");
}

void Timekeeper::divide() {
    env_.must(calls::cycle_shape(kernel::abi::slot_cycle, shares_ + 1,
                                 Nanoseconds{argument("slice_us") * 1000},
                                 Nanoseconds{argument("grace_us") * 1000}),
              "shaping the cycle");
    bind(0, libos::rt::self);
    for (std::uint32_t position = 1; position <= shares_; ++position) {
        bind(position, next_in_turn().child.env);
    }
}

void Timekeeper::report(std::uint64_t window, std::uint64_t elapsed_ns) {
    for (std::uint32_t i = 0; i < count_; ++i) {
        Consumer& consumer = consumers_[i];
        const std::uint64_t used = env_.info().env(consumer.child.id).time_ns;
        libos::rt::JsonLine line;
        line.add("window", window)
            .add("who", consumer.name)
            .add("entitled_permille", consumer.share * 1000 / (shares_ + 1))
            .add("got_permille", (used - consumer.time_ns) * 1000 / elapsed_ns);
        env_.report(line);
        consumer.time_ns = used;
    }
}

void Timekeeper::look_on() {
    const std::uint64_t span = argument("window_ms") * 1'000'000;
    Instant begun = env_.now();
    for (std::uint64_t window = 0; window < argument("windows"); ++window) {
        env_.upcalls().wait(Instant{begun.value + span}, [] { return false; });
        const Instant now = env_.now();
        report(window, now.value - begun.value);
        begun = now;
    }
}

void Timekeeper::report_total(const Consumer& consumer) {
    const CycleInfo& cycle = env_.info().cycle();
    SliceInfo sum{};
    for (std::uint32_t position = 0; position < cycle.positions; ++position) {
        const SliceInfo& slice = cycle.slices[position];
        if (slice.env != consumer.child.id) continue;
        sum.turns += slice.turns;
        sum.overrun_ns += slice.overrun_ns;
        sum.forfeited_ns += slice.forfeited_ns;
        sum.debt_ns += slice.debt_ns;
    }
    libos::rt::JsonLine line;
    line.add("who", consumer.name)
        .add("share", consumer.share)
        .add("turns", sum.turns)
        .add("overrun_ns", sum.overrun_ns)
        .add("forfeited_ns", sum.forfeited_ns)
        .add("debt_ns", sum.debt_ns)
        .add("time_ns", env_.info().env(consumer.child.id).time_ns);
    env_.report(line);
}

std::uint32_t Timekeeper::finish() {
    for (std::uint32_t i = 0; i < count_; ++i) report_total(consumers_[i]);
    env_.must(calls::cap_revoke(kernel::abi::slot_cycle), "taking the slices back");
    std::uint32_t failed = env_.info().cycle().allocated == 0 ? 0 : 1;
    for (std::uint32_t i = 0; i < count_; ++i) {
        if (libos::rt::wait(env_, consumers_[i].child) != 0) failed = 1;
        libos::rt::destroy(env_, consumers_[i].child);
    }
    return failed;
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

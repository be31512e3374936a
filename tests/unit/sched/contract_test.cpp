/// What every scheduler owes its caller, whatever it decides: the concept's promises under random
/// calls, beside plain sets of who is runnable and who runs.

#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "libos/sched/list.hpp"
#include "tests/unit/sched/machine.hpp"

namespace tests::sched {
namespace {

constexpr std::uint32_t tasks = 40;

/// May say that nothing runs although something is runnable.
template <typename S>
constexpr bool lets_wait = std::is_same_v<S, Cbs>;

/// Whose preempts() means "somebody else would be picked", not only "pick again".
template <typename S>
constexpr bool names_another =
    !std::is_same_v<S, Cbs> && !std::is_same_v<S, Lottery> && !std::is_same_v<S, Eevdf>;

enum class State : std::uint8_t { away, asleep, ready, running };

template <typename S>
class Referee {
public:
    Referee(const Config& config, std::uint64_t seed)
        : config_{config}, owned_{config}, random_{seed} {}

    void step() {
        now_ += random_() % 3 == 0 ? 0 : random_() % 60;
        const auto task = static_cast<std::uint32_t>(random_() % tasks);
        switch (random_() % 8) {
            case 0: return toggle_admission(task);
            case 1:
            case 2: return wake(task);
            case 3:
            case 4: return pick();
            case 5: return stop();
            case 6: return displace();
            default: return inherit(task);
        }
    }

    /// Nobody who is runnable is forgotten.
    void drain() {
        while (!running_.empty()) end(*running_.begin());
        while (count(State::ready) > 0) {
            const Choice choice = policy().pick(Instant{now_});
            log_.push_back(position(choice.task));
            if (choice.task == no_task) {
                ASSERT_TRUE(lets_wait<S> && choice.span < unbounded && choice.span.value > 0);
                now_ += choice.span.value;
                continue;
            }
            take(choice);
            if (::testing::Test::HasFatalFailure()) return;
            end(position(choice.task));
        }
        const Choice none = policy().pick(Instant{now_});
        EXPECT_EQ(none.task, no_task);
        EXPECT_EQ(none.span, unbounded);
    }

    [[nodiscard]] const std::vector<std::uint64_t>& log() const { return log_; }
    [[nodiscard]] std::size_t arena_used() const { return owned_.arena.used(); }

private:
    S& policy() { return owned_.policy; }

    void toggle_admission(std::uint32_t task) {
        if (state_[task] == State::asleep) {
            policy().leave(TaskId{task}, Instant{now_});
            state_[task] = State::away;
        } else if (state_[task] == State::away) {
            const Demand demand = random_demand();
            const bool admitted = policy().admit(TaskId{task}, demand, Instant{now_});
            log_.push_back(admitted);
            if (admitted) state_[task] = State::asleep;
        }
    }

    Demand random_demand() {
        const std::uint64_t period = random_() % 3 == 0 ? 0 : 200 + random_() % 2000;
        return {.weight = 1 + static_cast<std::uint32_t>(random_() % (random_() % 9 ? 8 : 1 << 20)),
                .priority = static_cast<std::uint32_t>(random_() % 5),
                .gang = static_cast<std::uint32_t>(random_() % 6),
                .period = Nanoseconds{period},
                .deadline = Nanoseconds{random_() % 2 ? 0 : period / 2 + 1},
                .budget = Nanoseconds{random_() % 4 ? 1 + period / 30 : 0}};
    }

    void wake(std::uint32_t task) {
        if (state_[task] != State::asleep) return;
        const std::uint64_t late = std::min(now_, random_() % 50);
        const Job job{.size = Nanoseconds{random_() % 4 ? random_() % 300 : 0},
                      .release = Instant{random_() % 2 ? 0 : now_ - late}};
        policy().wake(TaskId{task}, job, Instant{now_});
        state_[task] = State::ready;
    }

    void pick() {
        if (running_.size() == config_.cores) return;
        const Choice choice = policy().pick(Instant{now_});
        log_.push_back(position(choice.task));
        log_.push_back(choice.span.value);
        ASSERT_GT(choice.span.value, 0u);
        if (choice.task == no_task) {
            ASSERT_TRUE(count(State::ready) == 0 || (lets_wait<S> && choice.span < unbounded));
            return;
        }
        take(choice);
    }

    void take(const Choice& choice) {
        ASSERT_LT(position(choice.task), tasks);
        ASSERT_EQ(state_[position(choice.task)], State::ready) << "picked who may not run";
        state_[position(choice.task)] = State::running;
        running_.insert(position(choice.task));
        since_[position(choice.task)] = now_;
    }

    void stop() {
        if (running_.empty()) return;
        const std::uint32_t task = some_running();
        const auto why = static_cast<Stop>(random_() % 4);
        policy().stop(TaskId{task}, ran(task), why, Instant{now_});
        running_.erase(task);
        const bool runnable = why == Stop::preempted || why == Stop::yielded;
        state_[task] = runnable ? State::ready : State::asleep;
    }

    void end(std::uint32_t task) {
        policy().stop(TaskId{task}, ran(task), Stop::ended, Instant{now_});
        running_.erase(task);
        state_[task] = State::asleep;
    }

    void displace() {
        if (running_.empty()) return;
        const std::uint32_t task = some_running();
        const Nanoseconds so_far = ran(task);
        const bool displaced = policy().preempts(TaskId{task}, so_far, Instant{now_});
        log_.push_back(displaced);
        if (!displaced) return;
        ASSERT_GT(count(State::ready), 0u) << "displaced by nobody";
        policy().stop(TaskId{task}, so_far, Stop::preempted, Instant{now_});
        running_.erase(task);
        state_[task] = State::ready;
        const Choice choice = policy().pick(Instant{now_});
        log_.push_back(position(choice.task));
        ASSERT_TRUE(choice.task != no_task || lets_wait<S>);
        if (choice.task == no_task) return;
        take(choice);
        if (names_another<S> && config_.cores == 1) {
            ASSERT_NE(position(choice.task), task);
        }
    }

    void inherit(std::uint32_t waiter) {
        const auto holder = static_cast<std::uint32_t>(random_() % tasks);
        if (state_[waiter] == State::away) return;
        const bool none = state_[holder] == State::away || random_() % 2 == 0;
        policy().inherit(TaskId{waiter}, none ? no_task : TaskId{holder}, Instant{now_});
    }

    std::uint32_t some_running() {
        return *std::next(running_.begin(),
                          static_cast<std::ptrdiff_t>(random_() % running_.size()));
    }

    /// Mostly exactly what passed; now and then less, as where switches cost something.
    Nanoseconds ran(std::uint32_t task) {
        const std::uint64_t passed = now_ - since_[task];
        return Nanoseconds{random_() % 4 ? passed : passed - passed / 5};
    }

    [[nodiscard]] std::size_t count(State state) const {
        return static_cast<std::size_t>(std::ranges::count(state_, state));
    }

    Config config_;
    Owned<S> owned_;
    std::mt19937_64 random_;
    std::uint64_t now_ = 0;
    std::vector<State> state_ = std::vector<State>(tasks);
    std::vector<std::uint64_t> since_ = std::vector<std::uint64_t>(tasks);
    std::set<std::uint32_t> running_;
    std::vector<std::uint64_t> log_;
};

template <typename S>
class EveryScheduler : public ::testing::Test {};

template <typename List>
struct AsTypes;
template <typename... S>
struct AsTypes<SchedulerList<S...>> {
    using Types = ::testing::Types<S...>;
};

struct SchedulerName {
    template <typename S>
    static std::string GetName(int) {
        return std::string{S::name};
    }
};

TYPED_TEST_SUITE(EveryScheduler, AsTypes<Schedulers>::Types, SchedulerName);

TYPED_TEST(EveryScheduler, KeepsTheContractUnderRandomCalls) {
    for (const std::uint32_t cores : {1u, 2u, 3u, 8u}) {
        for (const std::uint64_t quantum : {1u, 50u, 1000u}) {
            for (std::uint64_t seed = 1; seed <= 5; ++seed) {
                SCOPED_TRACE("cores " + std::to_string(cores) + " quantum " +
                             std::to_string(quantum) + " seed " + std::to_string(seed));
                const Config config{
                    .tasks = tasks, .cores = cores, .quantum = Nanoseconds{quantum}, .seed = seed};
                Referee<TypeParam> referee{config, seed};
                for (int i = 0; i < 6000; ++i) {
                    referee.step();
                    if (this->HasFatalFailure()) return;
                }
                referee.drain();
                if (this->HasFatalFailure()) return;
                EXPECT_LE(referee.arena_used(), TypeParam::bytes(config));
            }
        }
    }
}

TYPED_TEST(EveryScheduler, IsAFunctionOfItsCallsAndSeed) {
    const Config config{.tasks = tasks, .cores = 3, .quantum = Nanoseconds{70}, .seed = 9};
    Referee<TypeParam> one{config, 4};
    Referee<TypeParam> other{config, 4};
    for (int i = 0; i < 8000; ++i) {
        one.step();
        other.step();
    }
    EXPECT_EQ(one.log(), other.log());
}

/// One universe of one task, on more cores than it can use.
TYPED_TEST(EveryScheduler, RunsAloneWithoutPause) {
    const Config config{.tasks = 1, .cores = 2, .quantum = Nanoseconds{10}, .seed = 1};
    Machine<TypeParam> machine{config};
    ASSERT_TRUE(machine.admit(0));
    machine.begin(0, 12'345);
    Still world;
    machine.run(world, 12'345);
    EXPECT_EQ(machine.served(0), 12'345u);
}

TEST(List, FindsEachByNameAndNoOther) {
    for (const std::string_view name : scheduler_names()) {
        EXPECT_TRUE(with_scheduler(name, [&](auto found) {
            EXPECT_EQ(decltype(found)::type::name, name);
            EXPECT_FALSE(decltype(found)::type::paper.empty());
        }));
    }
    EXPECT_FALSE(with_scheduler("best", [](auto) {}));
    const auto& names = scheduler_names();
    EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
}

}  // namespace
}  // namespace tests::sched

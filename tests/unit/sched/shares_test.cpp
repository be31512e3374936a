/// Shares by weight, on one core, within the bounds that each scheduler's paper gives.

#include <cmath>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "libos/sched/list.hpp"
#include "tests/unit/sched/machine.hpp"

namespace tests::sched {
namespace {

constexpr std::uint64_t quantum = 1'000;

/// Runs tasks that never end, and checks `bound` after every stretch of odd length.
template <typename S>
void check_shares(auto&& bound) {
    std::mt19937_64 random{1};
    for (int round = 0; round < 40; ++round) {
        const auto size = static_cast<std::uint32_t>(2 + random() % 9);
        SCOPED_TRACE("round " + std::to_string(round));
        Machine<S> machine{{.tasks = size, .quantum = Nanoseconds{quantum}, .seed = 3}};
        std::vector<double> weights;
        double sum = 0;
        for (std::uint32_t task = 0; task < size; ++task) {
            const auto weight = static_cast<std::uint32_t>(1 + random() % 20);
            machine.admit(task, {.weight = weight});
            machine.begin(task, endless);
            weights.push_back(weight);
            sum += weight;
        }
        Still world;
        for (int i = 0; i < 3'000; ++i) {
            machine.run(world, machine.now() + 1 + random() % 700);
            for (std::uint32_t a = 0; a < size; ++a) {
                for (std::uint32_t b = 0; b < size; ++b) bound(machine, weights, sum, a, b);
                if (::testing::Test::HasFailure()) return;
            }
        }
    }
}

double by_weight(auto& machine, const std::vector<double>& weights, std::uint32_t task) {
    return static_cast<double>(machine.served(task)) / weights[task];
}

TEST(Stride, TwoTasksDifferByOneStrideAtMost) {
    check_shares<Stride>([](auto& machine, auto& weights, double, auto a, auto b) {
        const double stride = quantum / std::min(weights[a], weights[b]);
        EXPECT_LE(std::abs(by_weight(machine, weights, a) - by_weight(machine, weights, b)),
                  stride + 0.01);
    });
}

TEST(Fair, TwoTasksDifferByTheirSpansAtMost) {
    check_shares<Fair>([](auto& machine, auto& weights, double sum, auto a, auto b) {
        const auto part = [&](auto task) {
            const double span = Fair::period_quanta * quantum * weights[task] / sum;
            return std::max<double>(quantum, span) / weights[task];
        };
        EXPECT_LE(std::abs(by_weight(machine, weights, a) - by_weight(machine, weights, b)),
                  part(a) + part(b) + 0.01);
    });
}

TEST(Eevdf, NoTaskIsMoreThanAQuantumFromItsIdeal) {
    check_shares<Eevdf>([](auto& machine, auto& weights, double sum, auto a, auto) {
        const double ideal = static_cast<double>(machine.now()) * weights[a] / sum;
        EXPECT_LE(std::abs(static_cast<double>(machine.served(a)) - ideal), quantum + 1.0);
    });
}

TEST(RoundRobin, TasksDifferByATurnAtMost) {
    check_shares<RoundRobin>([](auto& machine, auto&, double, auto a, auto b) {
        EXPECT_LE(machine.served(a), machine.served(b) + quantum);
    });
}

TEST(ProcessorSharing, NoTaskIsMoreThanAQuantumFromItsIdeal) {
    check_shares<ProcessorSharing>([](auto& machine, auto& weights, double, auto a, auto) {
        const double ideal = static_cast<double>(machine.now() / weights.size());
        EXPECT_LE(std::abs(static_cast<double>(machine.served(a)) - ideal), quantum);
    });
}

TEST(Lottery, SharesLieWithinFourDeviationsOfTheDraw) {
    constexpr std::uint64_t draws = 200'000;
    const double weights[] = {1, 2, 3, 14};
    Machine<Lottery> machine{{.tasks = 4, .quantum = Nanoseconds{quantum}, .seed = 5}};
    for (std::uint32_t task = 0; task < 4; ++task) {
        machine.admit(task, {.weight = static_cast<std::uint32_t>(weights[task])});
        machine.begin(task, endless);
    }
    Still world;
    machine.run(world, draws * quantum);
    for (std::uint32_t task = 0; task < 4; ++task) {
        const double p = weights[task] / 20;
        const double won = static_cast<double>(machine.served(task)) / quantum;
        EXPECT_NEAR(won, draws * p, 4 * std::sqrt(draws * p * (1 - p))) << "task " << task;
    }
}

/// Begins a task anew as soon as it is done: one that uses a fifth of each quantum.
struct Brief {
    [[nodiscard]] std::uint64_t next() const { return never; }
    void happen(auto&) {}
    void done(auto& machine, std::uint32_t task) { machine.begin(task, quantum / 5); }
};

TEST(Lottery, CompensatesWhoUsesAPartOfItsQuantum) {
    Machine<Lottery> machine{{.tasks = 2, .quantum = Nanoseconds{quantum}, .seed = 6}};
    for (std::uint32_t task = 0; task < 2; ++task) machine.admit(task, {.weight = 7});
    machine.begin(0, endless);
    machine.begin(1, quantum / 5);
    Brief world;
    constexpr std::uint64_t end = 50'000 * quantum;
    machine.run(world, end);
    EXPECT_NEAR(static_cast<double>(machine.served(1)), 0.5 * end, 0.01 * end);
}

TEST(Lottery, AWaitersTicketsRunTheHolder) {
    Machine<Lottery> machine{{.tasks = 3, .quantum = Nanoseconds{quantum}, .seed = 7}};
    const std::uint32_t weights[] = {1, 4, 3};  // holder, rival, waiter
    for (std::uint32_t task = 0; task < 3; ++task) machine.admit(task, {.weight = weights[task]});
    machine.policy().inherit(TaskId{2}, TaskId{0}, {});
    machine.begin(0, endless);
    machine.begin(1, endless);
    Still world;
    constexpr std::uint64_t half = 50'000 * quantum;
    machine.run(world, half);
    EXPECT_NEAR(static_cast<double>(machine.served(0)), 0.5 * half, 0.01 * half);
    const std::uint64_t before = machine.served(0);
    machine.policy().inherit(TaskId{2}, no_task, {});
    machine.run(world, 2 * half);
    EXPECT_NEAR(static_cast<double>(machine.served(0) - before), 0.2 * half, 0.01 * half);
}

/// Tasks that come and go at random beside two that stay.
class Coming {
public:
    Coming(std::uint32_t first, std::uint32_t last) : first_{first}, at_(last, never) {
        for (std::uint32_t task = first; task < last; ++task) at_[task] = task * 100;
    }

    [[nodiscard]] std::uint64_t next() const { return *std::ranges::min_element(at_); }

    void happen(auto& machine) {
        for (std::uint32_t task = first_; task < at_.size(); ++task) {
            if (at_[task] != machine.now()) continue;
            at_[task] = never;
            machine.begin(task, 1 + random_() % 5'000);
        }
    }

    void done(auto& machine, std::uint32_t task) {
        at_[task] = machine.now() + random_() % 20'000;
    }

private:
    std::uint32_t first_;
    std::vector<std::uint64_t> at_;
    std::mt19937_64 random_{8};
};

/// Whoever comes and goes, two tasks that stay keep their shares of each other.
template <typename S>
void check_stayers(double strides) {
    Machine<S> machine{{.tasks = 10, .quantum = Nanoseconds{quantum}}};
    const std::vector<double> weights{3, 5};
    for (std::uint32_t task = 0; task < 10; ++task) {
        const std::uint32_t weight = task < 2 ? static_cast<std::uint32_t>(weights[task]) : task;
        machine.admit(task, {.weight = weight});
        if (task < 2) machine.begin(task, endless);
    }
    Coming world{2, 10};
    for (int i = 0; i < 20'000; ++i) {
        machine.run(world, machine.now() + 997);
        ASSERT_LE(std::abs(by_weight(machine, weights, 0) - by_weight(machine, weights, 1)),
                  strides * (quantum / weights[0] + quantum / weights[1]) + 0.1);
    }
}

TEST(Shares, StayWhileOthersComeAndGo) {
    check_stayers<Stride>(1);
    check_stayers<Eevdf>(1);
    check_stayers<Fair>(Fair::period_quanta);
}

/// A task that sleeps long, and wakes, has no more than its share from then on, but `credit`.
template <typename S>
void check_sleeper(double credit) {
    Machine<S> machine{{.tasks = 2, .quantum = Nanoseconds{quantum}}};
    Still world;
    for (std::uint32_t task = 0; task < 2; ++task) machine.admit(task);
    machine.begin(1, quantum);
    machine.begin(0, endless);
    constexpr std::uint64_t slept = 500 * quantum;
    machine.run(world, slept);
    const std::uint64_t before = machine.served(1);
    machine.begin(1, endless);
    for (std::uint64_t at = slept; at < 2 * slept; at += 77) {
        machine.run(world, at);
        const double ideal = static_cast<double>(at - slept) / 2;
        ASSERT_NEAR(static_cast<double>(machine.served(1) - before), ideal, credit * quantum);
    }
}

TEST(Shares, SleepingEarnsNothing) {
    check_sleeper<Stride>(2);
    check_sleeper<Eevdf>(2);
    check_sleeper<Fair>(Fair::period_quanta);
}

}  // namespace
}  // namespace tests::sched

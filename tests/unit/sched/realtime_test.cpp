/// Real-time schedulers on the test machine: every verdict of response-time analysis and of the
/// processor-demand test, from running the task sets; servers that isolate; inheritance.

#include <fstream>
#include <numeric>
#include <optional>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "libos/sched/list.hpp"
#include "tests/unit/sched/machine.hpp"
#include "tests/unit/sched/oracle_files.hpp"

namespace tests::sched {
namespace {

struct Periodic {
    std::uint64_t work;
    std::uint64_t period;
    std::uint64_t deadline;
};

/// All tasks released together at 0, each again every period, until `end`. A job whose
/// predecessor is not done begins when that is.
class Releases {
public:
    Releases(std::vector<Periodic> set, std::uint64_t end)
        : set_{std::move(set)}, end_{end}, next_(set_.size()), jobs_(set_.size()),
          worst_(set_.size()), missed_(set_.size()) {}

    [[nodiscard]] std::uint64_t next() const {
        std::uint64_t least = end_;
        for (const std::uint64_t at : next_) least = std::min(least, at);
        return least == end_ ? never : least;
    }

    void happen(auto& machine) {
        for (std::uint32_t task = 0; task < set_.size(); ++task) {
            if (next_[task] != machine.now()) continue;
            jobs_[task].push_back(next_[task]);
            next_[task] += set_[task].period;
            if (jobs_[task].size() == 1) begin(machine, task);
        }
    }

    void done(auto& machine, std::uint32_t task) {
        if (task >= set_.size()) return;
        const std::uint64_t response = machine.now() - jobs_[task].front();
        worst_[task] = std::max(worst_[task], response);
        if (response > set_[task].deadline) missed_[task] = true;
        jobs_[task].erase(jobs_[task].begin());
        if (!jobs_[task].empty()) begin(machine, task);
    }

    /// Once run until `end`: the worst response, or nothing where a deadline was missed.
    [[nodiscard]] std::optional<std::uint64_t> verdict(std::uint32_t task) const {
        bool missed = missed_[task];
        for (const std::uint64_t release : jobs_[task]) {
            missed |= release + set_[task].deadline <= end_;
        }
        return missed ? std::nullopt : std::optional{worst_[task]};
    }

    [[nodiscard]] bool all_met() const {
        bool met = true;
        for (std::uint32_t task = 0; task < set_.size(); ++task) met &= verdict(task).has_value();
        return met;
    }

private:
    void begin(auto& machine, std::uint32_t task) {
        machine.begin(task, set_[task].work, jobs_[task].front());
    }

    std::vector<Periodic> set_;
    std::uint64_t end_;
    std::vector<std::uint64_t> next_;
    std::vector<std::vector<std::uint64_t>> jobs_;  ///< releases of those not done, oldest first
    std::vector<std::uint64_t> worst_;
    std::vector<bool> missed_;
};

/// Two hyperperiods: on one core the first holds the worst case of a schedulable set, and an
/// overloaded one has missed a deadline by its end.
template <typename S>
Releases run_set(const std::vector<Periodic>& set) {
    std::uint64_t hyperperiod = 1;
    for (const Periodic& each : set) hyperperiod = std::lcm(hyperperiod, each.period);
    const Config config{.tasks = static_cast<std::uint32_t>(set.size())};
    Machine<S> machine{config};
    for (std::uint32_t task = 0; task < set.size(); ++task) {
        EXPECT_TRUE(machine.admit(task, {.period = Nanoseconds{set[task].period},
                                         .deadline = Nanoseconds{set[task].deadline}}));
    }
    Releases world{set, 2 * hyperperiod};
    machine.run(world, 2 * hyperperiod);
    return world;
}

struct Expected {
    std::vector<Periodic> set;
    std::vector<std::optional<std::uint64_t>> dm_worst;
    bool dm;
    bool edf;
};

std::vector<Expected> read_tasksets() {
    std::vector<Expected> all;
    std::ifstream file{oracle_path("tasksets.jsonl")};
    for (std::string line; std::getline(file, line);) {
        const auto json = nlohmann::json::parse(line);
        Expected& each = all.emplace_back();
        for (const auto& task : json["tasks_CTD"]) each.set.push_back({task[0], task[1], task[2]});
        for (const auto& worst : json["dm_worst_response"]) {
            if (worst.is_null()) each.dm_worst.emplace_back();
            else each.dm_worst.emplace_back(worst.get<std::uint64_t>());
        }
        each.dm = json["dm_schedulable"];
        each.edf = json["edf_schedulable"];
    }
    return all;
}

class Tasksets : public ::testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(oracle_path("tasksets.jsonl"))) {
            GTEST_SKIP() << "skipped: data not present";
        }
        sets = read_tasksets();
        ASSERT_EQ(sets.size(), 200u);
    }

    std::vector<Expected> sets;
};

TEST_F(Tasksets, WorstResponsesOfDeadlineMonotonicAreExact) {
    for (std::size_t i = 0; i < sets.size(); ++i) {
        SCOPED_TRACE("line " + std::to_string(i + 1));
        const Releases world = run_set<DeadlineMonotonic>(sets[i].set);
        for (std::uint32_t task = 0; task < sets[i].set.size(); ++task) {
            EXPECT_EQ(world.verdict(task), sets[i].dm_worst[task]) << "task " << task;
        }
        EXPECT_EQ(world.all_met(), sets[i].dm);
    }
}

TEST_F(Tasksets, VerdictsOfEdfAreExact) {
    for (std::size_t i = 0; i < sets.size(); ++i) {
        EXPECT_EQ(run_set<Edf>(sets[i].set).all_met(), sets[i].edf) << "line " << i + 1;
    }
}

std::vector<Periodic> random_set(std::mt19937_64& random, bool constrained) {
    constexpr std::uint64_t periods[] = {4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40};
    std::vector<Periodic> set;
    const std::size_t size = 2 + random() % 4;
    while (set.size() < size) {
        const std::uint64_t period = periods[random() % std::size(periods)];
        const std::uint64_t work = 1 + random() % (1 + period / size);
        const std::uint64_t slack = constrained ? random() % (period - work + 1) : 0;
        set.push_back({work, period, period - slack});
    }
    return set;
}

/// R = C + sum over all of higher priority of ceil(R / T) * C, from C on.
std::optional<std::uint64_t> analysed_response(const std::vector<Periodic>& set, std::size_t task,
                                               auto&& rank) {
    std::uint64_t response = set[task].work;
    while (response <= set[task].deadline) {
        std::uint64_t next = set[task].work;
        for (std::size_t other = 0; other < set.size(); ++other) {
            const bool higher = rank(other) < rank(task) ||
                                (rank(other) == rank(task) && other < task);
            if (!higher) continue;
            const std::uint64_t jobs = (response + set[other].period - 1) / set[other].period;
            next += jobs * set[other].work;
        }
        if (next == response) return response;
        response = next;
    }
    return std::nullopt;
}

/// Demand of every interval from 0 within two hyperperiods is at most its length.
bool demand_fits(const std::vector<Periodic>& set) {
    std::uint64_t hyperperiod = 1;
    for (const Periodic& each : set) hyperperiod = std::lcm(hyperperiod, each.period);
    for (std::uint64_t end = 1; end <= 2 * hyperperiod; ++end) {
        std::uint64_t demand = 0;
        for (const Periodic& each : set) {
            if (end < each.deadline) continue;
            demand += ((end - each.deadline) / each.period + 1) * each.work;
        }
        if (demand > end) return false;
    }
    return true;
}

TEST(RealTime, RandomSetsAgreeWithTheirAnalysis) {
    std::mt19937_64 random{1};
    int schedulable = 0;
    for (int i = 0; i < 1'000; ++i) {
        SCOPED_TRACE("set " + std::to_string(i));
        const auto set = random_set(random, true);
        const Releases dm = run_set<DeadlineMonotonic>(set);
        const Releases rm = run_set<RateMonotonic>(set);
        const auto by_deadline = [&](std::size_t task) { return set[task].deadline; };
        const auto by_period = [&](std::size_t task) { return set[task].period; };
        for (std::uint32_t task = 0; task < set.size(); ++task) {
            ASSERT_EQ(dm.verdict(task), analysed_response(set, task, by_deadline));
            ASSERT_EQ(rm.verdict(task), analysed_response(set, task, by_period));
        }
        const bool edf = run_set<Edf>(set).all_met();
        ASSERT_EQ(edf, demand_fits(set));
        ASSERT_TRUE(edf || !dm.all_met()) << "EDF is optimal";
        ASSERT_TRUE(dm.all_met() || !rm.all_met()) << "DM is optimal among fixed priorities";
        schedulable += edf;
    }
    EXPECT_GT(schedulable, 100);
    EXPECT_LT(schedulable, 900);
}

/// Periodic tasks beside hostile ones: one whose work never ends, and ones that end and begin
/// again at instants of their own choice.
class Neighbours {
public:
    Neighbours(Releases& victims, std::uint32_t first, std::uint32_t last, std::uint64_t seed)
        : victims_{victims}, first_{first}, again_(last, never), random_{seed} {
        for (std::uint32_t task = first; task < last; ++task) again_[task] = 0;
    }

    [[nodiscard]] std::uint64_t next() const {
        std::uint64_t least = victims_.next();
        for (const std::uint64_t at : again_) least = std::min(least, at);
        return least;
    }

    void happen(auto& machine) {
        if (victims_.next() == machine.now()) victims_.happen(machine);
        for (std::uint32_t task = first_; task < again_.size(); ++task) {
            if (again_[task] != machine.now()) continue;
            again_[task] = never;
            machine.begin(task, task == first_ ? endless : 1 + random_() % 40);
        }
    }

    void done(auto& machine, std::uint32_t task) {
        if (task < first_) victims_.done(machine, task);
        else again_[task] = machine.now() + random_() % 30;
    }

private:
    Releases& victims_;
    std::uint32_t first_;
    std::vector<std::uint64_t> again_;
    std::mt19937_64 random_;
};

TEST(Cbs, GreedyServersDelayNobodyWithinItsBudget) {
    std::mt19937_64 random{2};
    constexpr std::uint64_t end = 24'000;
    int sets = 0;
    while (sets < 200) {
        const auto set = random_set(random, false);
        const auto first = static_cast<std::uint32_t>(set.size());
        const std::uint32_t last = first + 3;
        Machine<Cbs> machine{{.tasks = last + 1, .quantum = Nanoseconds{5}}};
        bool fits = true;
        for (std::uint32_t task = 0; task < first; ++task) {
            fits &= machine.admit(task, {.period = Nanoseconds{set[task].period},
                                         .budget = Nanoseconds{set[task].work}});
        }
        std::vector<Periodic> servers;
        for (std::uint32_t task = first; task < last; ++task) {
            const Periodic asked{1 + random() % 8, 10 + random() % 60, 0};
            servers.push_back(asked);
            fits &= machine.admit(task, {.period = Nanoseconds{asked.period},
                                         .budget = Nanoseconds{asked.work}});
        }
        if (!fits) continue;
        ++sets;
        SCOPED_TRACE("set " + std::to_string(sets));
        ASSERT_TRUE(machine.admit(last));  // takes what is left, in the background
        machine.begin(last, endless);
        Releases victims{set, end};
        Neighbours world{victims, first, last, random()};
        machine.run(world, end);
        ASSERT_TRUE(victims.all_met());
        // The server that is always hungry has its budget every period, and no more.
        const std::uint64_t periods = end / servers[0].period;
        EXPECT_GE(machine.served(first), (periods - 1) * servers[0].work);
        EXPECT_LE(machine.served(first), (periods + 1) * servers[0].work);
        std::uint64_t sum = 0;
        for (std::uint32_t task = 0; task <= last; ++task) sum += machine.served(task);
        EXPECT_EQ(sum, end);
    }
}

/// The same task beside the same greed, under EDF alone, is late: the test above can fail.
TEST(Cbs, WithoutServersGreedDoesDelay) {
    Machine<Edf> machine{{.tasks = 2}};
    const std::vector<Periodic> set{{5, 20, 20}};
    ASSERT_TRUE(machine.admit(0, {.period = Nanoseconds{20}}));
    ASSERT_TRUE(machine.admit(1, {.period = Nanoseconds{30}}));
    Releases victims{set, 400};
    Neighbours world{victims, 1, 2, 1};
    machine.run(world, 400);
    EXPECT_FALSE(victims.all_met());
}

TEST(Cbs, WaitsWithoutBudgetAndPaysForOverruns) {
    Owned<Cbs> owned{{.tasks = 1}};
    Cbs& cbs = owned.policy;
    const TaskId task{0};
    ASSERT_TRUE(cbs.admit(task, {.period = Nanoseconds{100}, .budget = Nanoseconds{10}}, {}));
    cbs.wake(task, {}, Instant{0});
    EXPECT_EQ(cbs.pick(Instant{0}).span, Nanoseconds{10});
    cbs.stop(task, Nanoseconds{25}, Stop::preempted, Instant{25});
    EXPECT_EQ(cbs.pick(Instant{25}).task, no_task);
    EXPECT_EQ(cbs.pick(Instant{25}).span, Nanoseconds{75});
    EXPECT_EQ(cbs.pick(Instant{100}).task, no_task);  // 15 over: this budget pays for it
    const Choice back = cbs.pick(Instant{200});
    EXPECT_EQ(back.task, task);
    EXPECT_EQ(back.span, Nanoseconds{5});
}

TEST(Cbs, AdmitsUntilTheCoreIsFull) {
    for (const std::uint32_t cores : {1u, 2u, 4u}) {
        Owned<Cbs> owned{{.tasks = 20, .cores = cores}};
        const Demand third{.period = Nanoseconds{300}, .budget = Nanoseconds{100}};
        std::uint32_t admitted = 0;
        while (owned.policy.admit(TaskId{admitted}, third, {})) ++admitted;
        // Goossens, Funk and Baruah: the sum is at most m - (m - 1) / 3.
        EXPECT_EQ(admitted, 2 * cores + 1);
        owned.policy.leave(TaskId{0}, {});
        EXPECT_TRUE(owned.policy.admit(TaskId{0}, third, {}));
        const Demand impossible{.period = Nanoseconds{5}, .budget = Nanoseconds{6}};
        EXPECT_FALSE(owned.policy.admit(TaskId{admitted}, impossible, {}));
        EXPECT_TRUE(owned.policy.admit(TaskId{admitted}, {}, {}));  // the background is free
    }
}

/// Task 0, low, holds what task 2, high, wants; task 1 is between them.
template <typename S>
bool middle_runs_before_low_releases(bool inherit) {
    Machine<S> machine{{.tasks = 3}};
    const std::uint64_t deadlines[] = {300, 200, 100};
    for (std::uint32_t task = 0; task < 3; ++task) {
        const Nanoseconds span{deadlines[task]};
        EXPECT_TRUE(machine.admit(task, {.priority = task, .period = span, .deadline = span}));
    }
    Still world;
    machine.begin(0, 10);
    machine.run(world, 2);
    machine.begin(2, 5);
    machine.run(world, 3);
    EXPECT_TRUE(machine.runs(2));
    machine.block(2);
    if (inherit) machine.policy().inherit(TaskId{2}, TaskId{0}, Instant{machine.now()});
    machine.begin(1, 50);
    machine.run(world, 5);
    const bool middle = machine.runs(1);
    EXPECT_EQ(middle, !machine.runs(0));
    machine.policy().inherit(TaskId{2}, no_task, Instant{machine.now()});
    machine.resume(2);
    machine.fill();
    EXPECT_TRUE(machine.runs(2));
    machine.run(world, 10);
    EXPECT_TRUE(machine.runs(1)) << "what was lent is given back";
    return middle;
}

TEST(Inheritance, KeepsTheMiddleFromDelayingTheHigh) {
    EXPECT_FALSE(middle_runs_before_low_releases<Priority>(true));
    EXPECT_TRUE(middle_runs_before_low_releases<Priority>(false));
    EXPECT_FALSE(middle_runs_before_low_releases<Edf>(true));
    EXPECT_TRUE(middle_runs_before_low_releases<Edf>(false));
    EXPECT_FALSE(middle_runs_before_low_releases<RateMonotonic>(true));
    EXPECT_FALSE(middle_runs_before_low_releases<DeadlineMonotonic>(true));
    EXPECT_TRUE(middle_runs_before_low_releases<DeadlineMonotonic>(false));
}

/// Priority beside a search through all who wait, directly or not.
TEST(Inheritance, EqualsTheSearchThroughAllWaiters) {
    constexpr std::uint32_t tasks = 12;
    std::mt19937_64 random{3};
    Owned<Priority> owned{{.tasks = tasks}};
    struct Model {
        std::pair<std::int64_t, std::uint64_t> own;  // -priority, arrival
        std::uint32_t holder = tasks;
        bool ready = false;
    };
    std::vector<Model> model(tasks);
    std::uint64_t sequence = 0;
    for (std::uint32_t task = 0; task < tasks; ++task) {
        const auto priority = static_cast<std::uint32_t>(random() % 4);
        owned.policy.admit(TaskId{task}, {.priority = priority}, {});
        model[task].own = {-std::int64_t{priority}, sequence++};
    }
    const auto waits_for = [&](std::uint32_t waiter, std::uint32_t holder) {
        for (; waiter != tasks; waiter = model[waiter].holder) {
            if (waiter == holder) return true;
        }
        return false;
    };
    const auto effective = [&](std::uint32_t task) {
        auto least = model[task].own;
        for (std::uint32_t other = 0; other < tasks; ++other) {
            if (waits_for(other, task)) least = std::min(least, model[other].own);
        }
        return std::pair{least, task};
    };
    for (int i = 0; i < 100'000; ++i) {
        const auto task = static_cast<std::uint32_t>(random() % tasks);
        const auto other = static_cast<std::uint32_t>(random() % tasks);
        if (random() % 2) {
            const bool none = random() % 2 == 0;
            model[task].holder = tasks;
            if (!none && !waits_for(other, task)) model[task].holder = other;
            owned.policy.inherit(TaskId{task}, none ? no_task : TaskId{other}, {});
        } else if (!model[task].ready) {
            owned.policy.wake(TaskId{task}, {}, {});
            model[task].own.second = sequence++;
            model[task].ready = true;
        } else {
            std::uint32_t best = task;
            for (std::uint32_t each = 0; each < tasks; ++each) {
                if (model[each].ready && effective(each) < effective(best)) best = each;
            }
            ASSERT_EQ(owned.policy.pick({}).task, TaskId{best}) << "step " << i;
            const auto why = static_cast<Stop>(random() % 4);
            owned.policy.stop(TaskId{best}, Nanoseconds{1}, why, {});
            if (why == Stop::yielded) model[best].own.second = sequence++;
            model[best].ready = why == Stop::yielded || why == Stop::preempted;
        }
    }
}

}  // namespace
}  // namespace tests::sched

/// Who runs when: fifo, sjf, srpt, edf, priority and round robin beside a search at every tick;
/// levels of mlfq; gangs.

#include <deque>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "libos/sched/list.hpp"
#include "tests/unit/sched/machine.hpp"

namespace tests::sched {
namespace {

struct Timed {
    std::uint64_t arrival;
    std::uint64_t size;
    std::uint32_t priority;
    std::uint64_t deadline;  ///< relative
    std::uint64_t left = 0;
    std::uint64_t finished = 0;
};

std::vector<Timed> random_jobs(std::mt19937_64& random) {
    std::vector<Timed> jobs(1 + random() % 12);
    std::uint64_t at = 0;
    for (Timed& job : jobs) {
        at += random() % 8;
        const std::uint64_t size = 1 + random() % 9;
        job = {at, size, static_cast<std::uint32_t>(random() % 3), 1 + random() % 60, size};
    }
    return jobs;
}

struct Arriving {
    std::vector<Timed> jobs;
    std::uint32_t arrived = 0;

    [[nodiscard]] std::uint64_t next() const {
        return arrived < jobs.size() ? jobs[arrived].arrival : never;
    }
    void happen(auto& machine) {
        machine.begin(arrived, jobs[arrived].size);
        ++arrived;
    }
    void done(auto& machine, std::uint32_t task) { jobs[task].finished = machine.now(); }
};

/// Tick by tick: `key` of the jobs present, least first; without `displaces` only at a job's end.
void search(std::vector<Timed>& jobs, bool displaces, auto&& key) {
    std::size_t running = jobs.size();
    std::size_t left = jobs.size();
    for (std::uint64_t tick = 0; left > 0; ++tick) {
        if (running == jobs.size() || displaces) {
            running = jobs.size();
            for (std::size_t i = 0; i < jobs.size(); ++i) {
                if (jobs[i].arrival > tick || jobs[i].left == 0) continue;
                if (running == jobs.size() || key(jobs[i]) < key(jobs[running])) running = i;
            }
        }
        if (running == jobs.size() || --jobs[running].left > 0) continue;
        jobs[running].finished = tick + 1;
        running = jobs.size();
        --left;
    }
}

template <typename S>
void check_order(bool displaces, auto&& key) {
    std::mt19937_64 random{1};
    for (int round = 0; round < 3'000; ++round) {
        SCOPED_TRACE(std::string{S::name} + " round " + std::to_string(round));
        std::vector<Timed> expected = random_jobs(random);
        Arriving world{expected};
        const auto size = static_cast<std::uint32_t>(expected.size());
        Machine<S> machine{{.tasks = size, .quantum = Nanoseconds{3}}};
        for (std::uint32_t task = 0; task < size; ++task) {
            machine.admit(task, {.priority = expected[task].priority,
                                 .deadline = Nanoseconds{expected[task].deadline}});
        }
        machine.run(world, 10'000);
        search(expected, displaces, key);
        for (std::uint32_t task = 0; task < size; ++task) {
            ASSERT_EQ(world.jobs[task].finished, expected[task].finished) << "job " << task;
        }
    }
}

TEST(Order, EqualsTheSearchAtEveryTick) {
    check_order<Fifo>(false, [](const Timed&) { return 0; });
    check_order<Sjf>(false, [](const Timed& job) { return job.size; });
    check_order<Srpt>(true, [](const Timed& job) { return job.left; });
    check_order<Edf>(true, [](const Timed& job) { return job.arrival + job.deadline; });
    check_order<Priority>(true, [](const Timed& job) { return 10 - job.priority; });
    check_order<DeadlineMonotonic>(true, [](const Timed& job) { return job.deadline; });
}

TEST(RoundRobin, EqualsAQueueOfTurns) {
    std::mt19937_64 random{2};
    for (int round = 0; round < 3'000; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        std::vector<Timed> expected = random_jobs(random);
        Arriving world{expected};
        const auto size = static_cast<std::uint32_t>(expected.size());
        Machine<RoundRobin> machine{{.tasks = size, .quantum = Nanoseconds{3}}};
        for (std::uint32_t task = 0; task < size; ++task) machine.admit(task);
        machine.run(world, 10'000);
        std::deque<std::size_t> queue;
        std::size_t arrived = 0, running = expected.size();
        std::uint64_t turn = 0;
        for (std::uint64_t tick = 0; tick < 1'000; ++tick) {
            const bool over = running != expected.size() && turn == 0;
            if (over && expected[running].left > 0) queue.push_back(running);
            while (arrived < expected.size() && expected[arrived].arrival == tick) {
                queue.push_back(arrived++);
            }
            if (over) running = expected.size();
            if (running == expected.size() && !queue.empty()) {
                running = queue.front();
                queue.pop_front();
                turn = std::min<std::uint64_t>(3, expected[running].left);
            }
            if (running == expected.size()) continue;
            --turn;
            if (--expected[running].left == 0) expected[running].finished = tick + 1;
        }
        for (std::uint32_t task = 0; task < size; ++task) {
            ASSERT_EQ(world.jobs[task].finished, expected[task].finished) << "job " << task;
        }
    }
}

TEST(Srpt, AJobThatOutrunsItsHintGoesLast) {
    Owned<Srpt> owned{{.tasks = 2}};
    Srpt& srpt = owned.policy;
    for (const TaskId task : {TaskId{0}, TaskId{1}}) srpt.admit(task, {}, {});
    srpt.wake(TaskId{0}, {.size = Nanoseconds{5}}, {});
    srpt.wake(TaskId{1}, {.size = Nanoseconds{900}}, {});
    EXPECT_EQ(srpt.pick({}).task, TaskId{0});
    EXPECT_FALSE(srpt.preempts(TaskId{0}, Nanoseconds{4}, Instant{4}));
    EXPECT_TRUE(srpt.preempts(TaskId{0}, Nanoseconds{5}, Instant{5}));
    srpt.stop(TaskId{0}, Nanoseconds{5}, Stop::preempted, Instant{5});
    EXPECT_EQ(srpt.pick(Instant{5}).task, TaskId{1});
}

TEST(Mlfq, SinksByUseAndIsLifted) {
    constexpr std::uint64_t quantum = 100;
    Machine<Mlfq> machine{{.tasks = 2, .quantum = Nanoseconds{quantum}}};
    machine.admit(0);
    machine.admit(1);
    machine.begin(0, endless);
    Still world;
    std::uint64_t at = 0;
    for (unsigned level = 0; level + 1 < Mlfq::levels; ++level) {
        machine.run(world, at + 1);
        EXPECT_EQ(machine.policy().level(TaskId{0}), level);
        at += quantum << level;
        machine.run(world, at);
        EXPECT_EQ(machine.policy().level(TaskId{0}), level + 1);
    }
    machine.begin(1, 40);  // the newcomer displaces it at once
    machine.fill();
    EXPECT_TRUE(machine.runs(1));
    machine.run(world, Mlfq::lift_quanta * quantum + (quantum << (Mlfq::levels - 1)));
    EXPECT_LT(machine.policy().level(TaskId{0}), Mlfq::levels - 1);
}

TEST(Mlfq, SleepingBeforeTheEndDoesNotKeepATaskOnTop) {
    Owned<Mlfq> owned{{.tasks = 1, .quantum = Nanoseconds{100}}};
    Mlfq& mlfq = owned.policy;
    mlfq.admit(TaskId{0}, {}, {});
    for (std::uint64_t i = 0; i < 10; ++i) {
        EXPECT_EQ(mlfq.level(TaskId{0}), i < 2 ? 0u : i < 5 ? 1u : 2u) << i;
        mlfq.wake(TaskId{0}, {}, Instant{i * 100});
        EXPECT_EQ(mlfq.pick(Instant{i * 100}).task, TaskId{0});
        mlfq.stop(TaskId{0}, Nanoseconds{70}, Stop::blocked, Instant{i * 100 + 70});
    }
}

TEST(Gang, ItsTasksRunTogetherAndGangsTakeTurns) {
    Machine<Gang> machine{{.tasks = 8, .cores = 3, .quantum = Nanoseconds{50}}};
    for (std::uint32_t task = 0; task < 6; ++task) {
        machine.admit(task, {.gang = 1 + task / 3});
        machine.begin(task, endless);
    }
    Still world;
    for (std::uint64_t at = 0; at < 1'000; at += 10) {
        machine.run(world, at);
        const std::uint32_t first = at / 50 % 2 == 0 ? 0 : 3;
        for (std::uint32_t task = 0; task < 6; ++task) {
            EXPECT_EQ(machine.runs(task), task >= first && task < first + 3) << at;
        }
    }
}

TEST(Gang, OthersFillTheCoresThatAGangLeavesFree) {
    Machine<Gang> machine{{.tasks = 4, .cores = 3, .quantum = Nanoseconds{50}}};
    const std::uint32_t gangs[] = {1, 1, 2, 0};
    for (std::uint32_t task = 0; task < 4; ++task) {
        machine.admit(task, {.gang = gangs[task]});
        machine.begin(task, endless);
    }
    Still world;
    std::uint64_t together = 0;
    for (std::uint64_t at = 5; at < 5'000; at += 10) {
        machine.run(world, at);
        int running = 0;
        for (std::uint32_t task = 0; task < 4; ++task) running += machine.runs(task);
        EXPECT_EQ(running, 3);
        together += machine.runs(0) && machine.runs(1);
    }
    EXPECT_GT(together, 150u);
}

}  // namespace
}  // namespace tests::sched

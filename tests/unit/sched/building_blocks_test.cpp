/// The parts that schedulers are made of, beside the standard library's.

#include <list>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "libos/sched/level_map.hpp"
#include "libos/sched/task_heap.hpp"
#include "libos/sched/task_queue.hpp"
#include "libos/sched/ticket_tree.hpp"
#include "libos/sched/time.hpp"
#include "libos/sched/virtual_time.hpp"
#include "libos/sched/wait_forest.hpp"

namespace tests::sched {
namespace {

using namespace libos::sched;
using kernel::base::Arena;

constexpr std::uint32_t tasks = 30;

TEST(TaskHeap, OrdersLikeASet) {
    std::vector<std::byte> memory(TaskHeap<std::uint64_t>::bytes(tasks));
    Arena arena{memory};
    TaskHeap<std::uint64_t> heap{arena, tasks};
    std::set<std::pair<std::uint64_t, TaskId>> expected;
    std::map<TaskId, std::uint64_t> keys;
    std::mt19937_64 random{1};
    for (int i = 0; i < 200'000; ++i) {
        const TaskId task{static_cast<std::uint32_t>(random() % tasks)};
        const std::uint64_t key = random() % 12;
        ASSERT_EQ(heap.contains(task), keys.contains(task));
        if (!keys.contains(task)) {
            heap.push(task, key);
            expected.emplace(keys[task] = key, task);
        } else if (random() % 2) {
            heap.change(task, key);
            expected.erase({keys[task], task});
            expected.emplace(keys[task] = key, task);
        } else {
            const TaskId gone = random() % 2 ? task : heap.top();
            if (gone == task) heap.erase(task);
            else ASSERT_EQ(heap.pop(), expected.begin()->second);
            expected.erase({keys[gone], gone});
            keys.erase(gone);
        }
        ASSERT_EQ(heap.size(), expected.size());
        if (expected.empty()) continue;
        ASSERT_EQ(heap.top(), expected.begin()->second);
        ASSERT_EQ(heap.top_key(), expected.begin()->first);
    }
}

TEST(TaskQueue, KeepsOrderLikeAList) {
    std::vector<std::byte> memory(TaskLinks::bytes(tasks));
    Arena arena{memory};
    TaskLinks links{arena, tasks};
    TaskQueue queues[2];
    std::list<TaskId> expected[2];
    std::mt19937_64 random{2};
    for (int i = 0; i < 100'000; ++i) {
        const TaskId task{static_cast<std::uint32_t>(random() % tasks)};
        const std::size_t at = random() % 2;
        bool found = false;
        for (const std::size_t q : {0u, 1u}) {
            const auto place = std::ranges::find(expected[q], task);
            if (place == expected[q].end()) continue;
            found = true;
            links.erase(queues[q], task);
            expected[q].erase(place);
        }
        if (!found && random() % 2) {
            links.push_back(queues[at], task);
            expected[at].push_back(task);
        } else if (!found) {
            links.push_front(queues[at], task);
            expected[at].push_front(task);
        } else if (random() % 8 == 0) {
            links.append(queues[at], queues[1 - at]);
            expected[at].splice(expected[at].end(), expected[1 - at]);
        }
        for (const std::size_t q : {0u, 1u}) {
            ASSERT_EQ(queues[q].size, expected[q].size());
            TaskId each = queues[q].front;
            for (const TaskId wanted : expected[q]) {
                ASSERT_EQ(each, wanted);
                each = links.later(each);
            }
        }
    }
}

TEST(WaitForest, RefusesEveryCircle) {
    std::vector<std::byte> memory(WaitForest::bytes(tasks));
    Arena arena{memory};
    WaitForest forest{arena, tasks};
    std::map<TaskId, TaskId> holders;
    std::mt19937_64 random{3};
    for (int i = 0; i < 100'000; ++i) {
        const TaskId waiter{static_cast<std::uint32_t>(random() % tasks)};
        const TaskId holder{static_cast<std::uint32_t>(random() % tasks)};
        const auto known = holders.find(waiter);
        ASSERT_EQ(forest.part(waiter), known == holders.end() ? no_task : known->second);
        holders.erase(waiter);
        bool circle = false;
        for (TaskId at = holder; !circle && at != no_task;) {
            circle = at == waiter;
            at = holders.contains(at) ? holders[at] : no_task;
        }
        ASSERT_EQ(forest.join(waiter, holder), !circle);
        if (!circle) holders[waiter] = holder;
        std::set<TaskId> waiters;
        for (TaskId each = forest.first_waiter(holder); each != no_task;
             each = forest.next_waiter(each)) {
            ASSERT_TRUE(waiters.insert(each).second);
            ASSERT_EQ(holders.at(each), holder);
        }
        ASSERT_EQ(waiters.size(), static_cast<std::size_t>(std::ranges::count_if(
                                      holders, [&](auto& at) { return at.second == holder; })));
    }
}

TEST(TicketTree, FindsTheOwnerOfEveryTicket) {
    for (const std::uint32_t size : {1u, 2u, 5u, 16u, 17u}) {
        std::vector<std::byte> memory(TicketTree::bytes(size));
        Arena arena{memory};
        TicketTree tree{arena, size};
        std::mt19937_64 random{4};
        std::vector<std::uint64_t> tickets(size);
        for (int i = 0; i < 300; ++i) {
            const std::size_t task = random() % size;
            tickets[task] = random() % 4;
            tree.set(TaskId{static_cast<std::uint32_t>(task)}, tickets[task]);
            std::uint64_t number = 0;
            for (std::uint32_t owner = 0; owner < size; ++owner) {
                for (std::uint64_t j = 0; j < tickets[owner]; ++j) {
                    ASSERT_EQ(tree.owner(number++), TaskId{owner});
                }
            }
            ASSERT_EQ(tree.total(), number);
        }
    }
}

TEST(LevelMap, FindsTheFirst) {
    LevelMap map;
    EXPECT_TRUE(map.empty());
    map.set(63, true);
    map.set(5, true);
    EXPECT_EQ(map.first(), 5u);
    map.set(5, false);
    EXPECT_EQ(map.first(), 63u);
    map.set(0, true);
    EXPECT_EQ(map.first(), 0u);
}

TEST(VirtualTime, ScalesAsLongDivisionDoes) {
    std::mt19937_64 random{5};
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t units = random() >> (random() % 64);
        const std::uint64_t times = 1 + random() % weight_max;
        const std::uint64_t parts = 1 + random() % (std::uint64_t{1} << (1 + random() % 43));
        const auto exact = static_cast<unsigned __int128>(units) * times / parts;
        if (exact < (std::uint64_t{1} << 62)) {
            ASSERT_EQ(scaled(units, times, parts), static_cast<std::uint64_t>(exact));
        } else {
            ASSERT_GE(scaled(units, times, parts), std::uint64_t{1} << 61);
        }
    }
}

TEST(Time, NeverWraps) {
    EXPECT_EQ(after(Instant{5}, unbounded), kernel::abi::never);
    EXPECT_EQ(after(Instant{5}, Nanoseconds{6}), Instant{11});
    EXPECT_EQ(until(Instant{5}, Instant{6}), Nanoseconds{0});
    EXPECT_EQ(less(Nanoseconds{5}, Nanoseconds{6}), Nanoseconds{0});
}

}  // namespace
}  // namespace tests::sched

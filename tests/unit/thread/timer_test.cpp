/// Timers against a sorted list: by instant, and in the order of setting where that is equal.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "libos/thread/timer.hpp"

namespace {

using namespace libos::thread;

struct Expected {
    std::uint64_t due;
    int order;
    Timer* timer;
    auto operator<=>(const Expected&) const = default;
};

TEST(TimerQueue, FiresInOrderWhateverIsSetAndCancelled) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937 random{seed};
        std::vector<Timer> timers(40);
        std::vector<Timer*> slots(timers.size());
        TimerQueue queue{slots};
        std::vector<Expected> set;
        for (int step = 0; step < 2000; ++step) {
            Timer& timer = timers[random() % timers.size()];
            if (!timer.set()) {
                const std::uint64_t due = random() % 30;
                queue.set(timer, Instant{due});
                set.push_back({due, step, &timer});
            } else if (random() % 2 == 0) {
                queue.cancel(timer);
                std::erase_if(set, [&](const Expected& each) { return each.timer == &timer; });
            } else {
                const auto least = std::ranges::min_element(set);
                ASSERT_EQ(queue.next(), Instant{least->due});
                ASSERT_EQ(&queue.pop(), least->timer);
                ASSERT_FALSE(least->timer->set());
                set.erase(least);
            }
            ASSERT_EQ(queue.next(), set.empty() ? never : Instant{std::ranges::min(set).due});
        }
        queue.cancel(timers[0]);
        queue.cancel(timers[0]);
        EXPECT_FALSE(timers[0].set());
    }
}

}  // namespace

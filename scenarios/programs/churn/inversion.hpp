// Priority inversion, counted in turns: how often a thread of middle priority runs while one of
// high priority waits for a mutex that one of low priority holds. Never, if the holder inherits.
#pragma once

#include "libos/sched/priority.hpp"
#include "libos/thread/mutex.hpp"
#include "libos/thread/semaphore.hpp"
#include "scenarios/programs/churn/words.hpp"

namespace scenarios::churn {

class Inversion {
public:
    explicit Inversion(Environment& env)
        : env_{env},
          threads_{env, {.threads = 4, .main = {.priority = 20}}},
          mutex_{threads_, "held"},
          taken_{threads_, 0, "taken"} {}

    void run() {
        const auto low = start("low", 1, [](void* self) { of(self).hold_long(); });
        taken_.acquire();
        const auto middle = start("middle", 5, [](void* self) { of(self).go_on(); });
        const auto high = start("high", 9, [](void* self) { of(self).want_it(); });
        for (const auto thread : {high, middle, low}) threads_.join(thread);
        // One that was under way when `high` came may finish.
        if (overtaken_ > 1) violation(env_, "a waiting thread was overtaken by a lesser one");
    }

private:
    using Threads = libos::thread::Threads<libos::sched::Priority>;
    static constexpr std::uint32_t turns_low = 8;
    static constexpr std::uint32_t turns_middle = 64;

    static Inversion& of(void* self) { return *static_cast<Inversion*>(self); }

    libos::sched::TaskId start(std::string_view name, std::uint32_t priority,
                               libos::thread::Entry entry) {
        return env_.must(threads_.create({.name = name, .entry = entry, .argument = this,
                                          .demand = {.priority = priority}}),
                         "a thread");
    }
    void hold_long() {
        const libos::thread::Lock lock{mutex_};
        taken_.release();
        for (std::uint32_t i = 0; i < turns_low; ++i) threads_.yield();
    }
    void go_on() {
        for (std::uint32_t i = 0; i < turns_middle; ++i) {
            ++turns_;
            threads_.yield();
        }
    }
    void want_it() {
        const std::uint32_t before = turns_;
        const libos::thread::Lock lock{mutex_};
        overtaken_ = turns_ - before;
    }

    Environment& env_;
    Threads threads_;
    libos::thread::Mutex<Threads> mutex_;
    libos::thread::Semaphore<Threads> taken_;
    std::uint32_t turns_ = 0;
    std::uint32_t overtaken_ = 0;
};

}  // namespace scenarios::churn

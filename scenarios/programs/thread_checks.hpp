// What program `threads` checks: each kind of waiting, timers, thread-local data, inheritance,
// and pre-emption out of an upcall with every register in place.
#pragma once

#include "libos/rt/program.hpp"
#include "libos/thread/channel.hpp"
#include "libos/thread/condition.hpp"
#include "libos/thread/local.hpp"
#include "libos/thread/mutex.hpp"
#include "libos/thread/semaphore.hpp"
#include "libos/thread/signal.hpp"
#include "scenarios/programs/thread_registers.hpp"

namespace scenarios::programs {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using libos::sched::Demand;
using libos::sched::no_task;
using libos::sched::TaskId;

inline constexpr std::uint64_t quantum_ns = 20'000;

template <class S>
class ThreadChecks {
public:
    using Threads = libos::thread::Threads<S>;
    static constexpr std::uint32_t crowd = 6;
    static constexpr std::uint64_t late_ns = 3000;

    ThreadChecks(libos::rt::Environment& env, bool slices)
        : env_{env},
          threads_{env, {.threads = crowd + 2, .quantum = Nanoseconds{quantum_ns},
                         .slices = slices}},
          mutex_{threads_, "counter"},
          changed_{threads_, "turn"},
          local_{threads_} {}

    int all() {
        check_creation();
        check_mutual_exclusion();
        check_condition();
        check_semaphore();
        check_late_turn();
        check_channel();
        check_time();
        check_jobs();
        check_signal();
        check_preemption();
        check_inheritance();
        libos::rt::JsonLine line;
        line.add("scheduler", S::name)
            .add("checks", checks_)
            .add("failed", failed_)
            .add("switches", threads_.switches())
            .add("preemptions", threads_.preemptions());
        env_.report(line);
        return failed_ == 0 ? 0 : 1;
    }

    // Beside other environments: the end of each slice pre-empts whatever thread runs.
    int slices() {
        run_crowd([](void* self) { of(self).go_on_and_on(); });
        expect(count_ == crowd * 200, "all work is done");
        expect(intruders_ == 0, "what a thread had in hand survives the end of a slice");
        expect(threads_.gave_way() > 0, "slices end");
        expect(overrun_ns() <= threads_.gave_way() * 2000, "the environment gives way at once");
        libos::rt::JsonLine line;
        line.add("scheduler", S::name)
            .add("failed", failed_)
            .add("gave_way", threads_.gave_way())
            .add("overrun_ns", overrun_ns())
            .add("switches", threads_.switches());
        env_.report(line);
        return failed_ == 0 ? 0 : 1;
    }

    // Two threads, two mutexes, opposite order.
    int deadlock() {
        libos::thread::Mutex<Threads> other{threads_, "log"};
        other_ = &other;
        const TaskId one = start("one", [](void* self) { of(self).take_both(true); });
        start("two", [](void* self) { of(self).take_both(false); });
        threads_.join(one);
        return 1;
    }

    int overflow() {
        threads_.join(start("deep", [](void* self) { of(self).descend(1 << 20); }));
        return 1;
    }

private:
    static ThreadChecks& of(void* self) { return *static_cast<ThreadChecks*>(self); }

    void expect(bool holds, std::string_view what) {
        ++checks_;
        if (holds) return;
        ++failed_;
        env_.say("not so: ", what, " (", S::name, ")");
    }

    TaskId start(std::string_view name, libos::thread::Entry entry, const Demand& demand = {}) {
        return env_.must(threads_.create({.name = name, .entry = entry, .argument = this,
                                          .demand = demand}),
                         "creating a thread");
    }

    // Runs `entry` in a crowd of threads, to their ends.
    void run_crowd(libos::thread::Entry entry) {
        TaskId all[crowd];
        for (TaskId& each : all) each = start("crowd", entry);
        for (const TaskId each : all) threads_.join(each);
    }

    // Half of the time in work(), half in calls of its own, which an upcall may interrupt too.
    void go_on_and_on() {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 1; i <= 200; ++i) {
            threads_.work(Nanoseconds{quantum_ns / 4});
            for (unsigned call = 0; call < 20; ++call) static_cast<void>(env_.now());
            sum += i;
            ++count_;
        }
        if (sum != 200 * 201 / 2) ++intruders_;
    }

    std::uint64_t overrun_ns() {
        std::uint64_t sum = 0;
        for (const auto& slice : env_.info().cycle().slices) {
            if (slice.env == env_.id()) sum += slice.overrun_ns;
        }
        return sum;
    }

    void check_creation() {
        for (unsigned round = 0; round < 3; ++round) {
            count_ = 0;
            run_crowd([](void* self) { ++of(self).count_; });
            expect(count_ == crowd, "every thread runs once");
        }
        TaskId all[crowd + 1];
        for (TaskId& each : all) each = start("full", [](void*) {});
        const auto more = threads_.create({.name = "more", .entry = [](void*) {}});
        expect(!more.has_value(), "no more threads than there are numbers");
        for (const TaskId each : all) threads_.join(each);
        expect(threads_.current() == libos::thread::main_thread, "main is thread 0");
    }

    void count_carefully() {
        for (unsigned i = 0; i < 20; ++i) {
            const libos::thread::Lock lock{mutex_};
            const std::uint64_t seen = count_;
            inside_ += 1;
            threads_.work(Nanoseconds{quantum_ns / 3});
            threads_.yield();
            if (inside_ != 1) ++intruders_;
            inside_ -= 1;
            count_ = seen + 1;
        }
    }

    void check_mutual_exclusion() {
        count_ = 0;
        run_crowd([](void* self) { of(self).count_carefully(); });
        expect(count_ == crowd * 20, "no increment under a mutex is lost");
        expect(intruders_ == 0, "nobody enters while a mutex is held");
        expect(mutex_.try_lock(), "a free mutex can be had");
        expect(!mutex_.try_lock(), "a held one cannot");
        mutex_.unlock();
    }

    // Threads take turns in the order of their numbers.
    void take_turns() {
        mutex_.lock();
        const std::uint64_t turn = arrived_++;
        while (count_ != turn) changed_.wait(mutex_);
        ++count_;
        changed_.notify_all();
        mutex_.unlock();
    }

    void check_condition() {
        count_ = arrived_ = 0;
        mutex_.lock();
        TaskId all[crowd];
        for (TaskId& each : all) each = start("turn", [](void* self) { of(self).take_turns(); });
        const Instant begun = env_.now();
        expect(!changed_.wait_until(mutex_, Instant{begun.value + 5000}) || count_ > 0,
               "a wait ends at its deadline");
        mutex_.unlock();
        for (const TaskId each : all) threads_.join(each);
        expect(count_ == crowd, "everyone had a turn");
    }

    void use_permit() {
        for (unsigned i = 0; i < 5; ++i) {
            permits_->acquire();
            inside_ += 1;
            most_inside_ = std::max(most_inside_, inside_);
            threads_.sleep_until(Instant{env_.now().value + 1000});
            inside_ -= 1;
            permits_->release();
        }
    }

    void check_semaphore() {
        libos::thread::Semaphore<Threads> permits{threads_, 2, "permits"};
        permits_ = &permits;
        inside_ = most_inside_ = 0;
        run_crowd([](void* self) { of(self).use_permit(); });
        expect(most_inside_ == 2, "as many as there are permits, and no more");
        expect(permits.permits() == 2, "permits come back");
        permits.acquire();
        permits.acquire();
        const Instant deadline{env_.now().value + 3000};
        expect(!permits.acquire_until(deadline), "without a permit the deadline passes");
        expect(env_.now() >= deadline, "not before its time");
        permits.release();
        permits.release();
    }

    // Who was woken in time has been told, although its deadline passes before it runs.
    void check_late_turn() {
        libos::thread::Semaphore<Threads> permits{threads_, 0, "late"};
        permits_ = &permits;
        count_ = 0;
        const TaskId waiter = start("waiter", [](void* self) {
            auto& checks = of(self);
            const Instant deadline{checks.env_.now().value + late_ns};
            ++checks.count_;
            checks.count_ += checks.permits_->acquire_until(deadline) ? 1 : 10;
        });
        while (count_ == 0) threads_.yield();
        while (!permits.awaited() && count_ == 1) threads_.yield();
        permits.release();
        env_.compute(Nanoseconds{2 * late_ns});
        threads_.join(waiter);
        expect(count_ == 2, "who was woken in time was told");
    }

    void check_channel() {
        libos::thread::Channel<Threads, std::uint64_t, 3> channel{threads_, "numbers"};
        channel_ = &channel;
        count_ = 0;
        constexpr std::uint64_t values = 50;
        const TaskId reader = start("reader", [](void* self) {
            auto& checks = of(self);
            while (const auto value = checks.channel_->receive()) {
                if (*value != checks.count_++) ++checks.intruders_;
            }
        });
        for (std::uint64_t i = 0; i < values; ++i) channel.send(i);
        channel.close();
        threads_.join(reader);
        expect(count_ == values && intruders_ == 0, "values come once, in order");
        expect(!channel.send(1) && !channel.receive(), "a closed channel says so");
    }

    void check_time() {
        const Instant due{env_.now().value + 777'777};
        threads_.sleep_until(due);
        expect(env_.now() >= due && env_.now().value < due.value + 10'000, "sleep ends on time");
        // A timer cuts work() at its instant.
        fired_at_ = Instant{0};
        libos::thread::Timer timer{.fire =
                                       [](void* self, Instant) {
                                           of(self).fired_at_ = of(self).env_.now();
                                       },
                                   .argument = this};
        const Instant mark{env_.now().value + 12'345};
        threads_.set(timer, mark);
        threads_.work(Nanoseconds{50'000});
        expect(fired_at_ >= mark && fired_at_.value < mark.value + 1000, "a timer cuts work");
        threads_.set(timer, Instant{env_.now().value + 1000});
        threads_.cancel(timer);
        fired_at_ = Instant{0};
        threads_.work(Nanoseconds{5000});
        expect(fired_at_ == Instant{0}, "a cancelled timer does not fire");
        run_crowd([](void* self) { of(self).keep_own_data(); });
        expect(intruders_ == 0, "thread-local data is a thread's own");
    }

    void keep_own_data() {
        std::uint64_t mine = 0;
        if (local_.get() != nullptr) ++intruders_;
        local_.set(&mine);
        for (unsigned i = 0; i < 10; ++i) {
            threads_.yield();
            if (local_.get() != &mine) ++intruders_;
        }
    }

    void check_jobs() {
        count_ = 0;
        const TaskId worker = start("worker", [](void* self) {
            auto& checks = of(self);
            for (unsigned i = 0; i < 3; ++i) {
                checks.threads_.end_job();
                checks.threads_.work(Nanoseconds{1000});
                ++checks.count_;
            }
            checks.threads_.end_job_until(Instant{checks.env_.now().value + 9000}, {});
            ++checks.count_;
        });
        for (unsigned i = 0; i < 3; ++i) {
            while (!threads_.idle(worker)) threads_.sleep_until(Instant{env_.now().value + 500});
            threads_.begin_job(worker, {.size = Nanoseconds{1000}});
        }
        threads_.join(worker);
        expect(count_ == 4, "each job is done once");
    }

    // A wake-up that comes with an upcall.
    void check_signal() {
        libos::thread::Signal<Threads> signal{threads_, "upcall"};
        signal_ = &signal;
        count_ = 0;
        const TaskId listener = start("listener", [](void* self) {
            of(self).signal_->wait();
            ++of(self).count_;
        });
        threads_.sleep_until(Instant{env_.now().value + 1000});
        expect(count_ == 0, "a signal is waited for");
        env_.upcalls().add(on_trap, this);
        asm volatile("ud2" ::: "memory");
        env_.upcalls().remove(this);
        threads_.join(listener);
        expect(count_ == 1, "a signal from an upcall wakes a thread");
    }

    static bool on_trap(void* self, const libos::rt::UpcallData& data) {
        if (data.kind != kernel::abi::Upcall::exception) return false;
        auto& checks = of(self);
        auto& page = checks.env_.upcalls().page();
        page.saved.rip = page.saved.rip + 2;  // behind the ud2
        if (checks.signal_ != nullptr) checks.signal_->raise();
        checks.signal_ = nullptr;
        checks.threads_.preempt();
        return true;
    }

    // Uses up its span without asking the runtime, then traps: others run before it goes on.
    void trap_in_the_middle() {
        for (unsigned i = 0; i < 10; ++i) {
            const std::uint64_t seed = ++count_ * 0x9e37'79b9'7f4a'7c15;
            {
                const typename Threads::Section undisturbed{threads_};
                threads_.work(Nanoseconds{2 * quantum_ns});
            }
            const std::uint64_t ran_before = runs_++;
            if (!registers_survive_trap(seed)) ++intruders_;
            if (runs_ != ran_before + 1) ++displaced_;
        }
    }

    void check_preemption() {
        signal_ = nullptr;
        count_ = intruders_ = displaced_ = runs_ = 0;
        env_.upcalls().add(on_trap, this);
        run_crowd([](void* self) { of(self).trap_in_the_middle(); });
        env_.upcalls().remove(this);
        expect(intruders_ == 0, "registers survive being pre-empted in an upcall");
        expect(S::name != "round-robin" || displaced_ > 0, "an upcall pre-empts");
    }

    void hold_for_long() {
        const libos::thread::Lock lock{mutex_};
        threads_.work(Nanoseconds{10 * quantum_ns});
        low_done_ = ++order_;
    }

    // The classic inversion: low holds what high needs, and middle would keep low from going on.
    void check_inheritance() {
        order_ = 0;
        const TaskId low = start("low", [](void* self) { of(self).hold_for_long(); },
                                 {.priority = 1});
        threads_.sleep_until(Instant{env_.now().value + quantum_ns});
        const TaskId high = start("high",
                                  [](void* self) {
                                      const libos::thread::Lock lock{of(self).mutex_};
                                      of(self).high_done_ = ++of(self).order_;
                                  },
                                  {.priority = 9});
        const TaskId middle = start("middle",
                                    [](void* self) {
                                        of(self).threads_.work(Nanoseconds{50 * quantum_ns});
                                        of(self).middle_done_ = ++of(self).order_;
                                    },
                                    {.priority = 5});
        for (const TaskId each : {low, middle, high}) threads_.join(each);
        if (S::name != "priority") return;
        expect(low_done_ == 1 && high_done_ == 2 && middle_done_ == 3,
               "a holder inherits from who waits for it");
    }

    void take_both(bool forwards) {
        auto& first = forwards ? mutex_ : *other_;
        auto& second = forwards ? *other_ : mutex_;
        first.lock();
        threads_.sleep_until(Instant{env_.now().value + 10 * quantum_ns});
        second.lock();
        second.unlock();
        first.unlock();
    }

    [[gnu::noinline]] std::uint64_t descend(std::uint64_t depth) {
        volatile std::uint64_t here = depth;
        return depth == 0 ? 0 : descend(depth - 1) + here;
    }

    libos::rt::Environment& env_;
    Threads threads_;
    libos::thread::Mutex<Threads> mutex_;
    libos::thread::Condition<Threads> changed_;
    libos::thread::Local<Threads, std::uint64_t> local_;
    libos::thread::Mutex<Threads>* other_ = nullptr;
    libos::thread::Semaphore<Threads>* permits_ = nullptr;
    libos::thread::Channel<Threads, std::uint64_t, 3>* channel_ = nullptr;
    libos::thread::Signal<Threads>* signal_ = nullptr;
    std::uint64_t count_ = 0;
    std::uint64_t arrived_ = 0;
    std::uint64_t inside_ = 0;
    std::uint64_t most_inside_ = 0;
    std::uint64_t intruders_ = 0;
    std::uint64_t displaced_ = 0;
    std::uint64_t runs_ = 0;
    std::uint64_t order_ = 0;
    std::uint64_t low_done_ = 0;
    std::uint64_t middle_done_ = 0;
    std::uint64_t high_done_ = 0;
    Instant fired_at_{0};
    std::uint64_t checks_ = 0;
    std::uint64_t failed_ = 0;
};

template <class S>
int check_threads(libos::rt::Environment& env, std::string_view part) {
    ThreadChecks<S> checks{env, part == "slices"};
    if (part == "slices") return checks.slices();
    if (part == "deadlock") return checks.deadlock();
    if (part == "overflow") return checks.overflow();
    return checks.all();
}

}  // namespace scenarios::programs

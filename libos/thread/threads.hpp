#pragma once

/// Threads: many flows of control in one environment, scheduled by any policy of libos/sched.
///
/// Why here and not in the kernel: a switch is twenty instructions and no kernel call, and which
/// thread runs is the program's own affair. Threads wait without the environment waiting.
///
/// Where the scheduler is asked: wherever a thread waits, ends or yields; when it wakes another;
/// inside work(), at the exact instant a span is used up or a timer fires; and in preempt(), from
/// an upcall. Code between these runs undisturbed.
///
/// Invariants:
///  - one thread runs; every other one is runnable (the scheduler has it) or waits (a list or a
///    timer has it);
///  - busy_ is set while the runtime's own data is in motion. An upcall that comes then is
///    remembered and acted on when it is not (leave()). Timers fire while it is set;
///  - a thread is charged with what it asked of work(), and by the clock for its own code between;
///    reading the clock in work(), and switching, is not charged to anyone.
///
/// What a thread must not do: wait for upcalls itself (Upcalls::wait parks everyone), or allocate
/// from the heap where it may be pre-empted, other than under a Section.

#include <algorithm>

#include "libos/sched/time.hpp"
#include "libos/thread/context.hpp"
#include "libos/thread/roster.hpp"

namespace libos::thread {

using kernel::abi::Status;
using sched::Demand;
using sched::Job;
using sched::Stop;

struct Options {
    std::uint32_t threads = 16;    ///< at most, the program's own flow included
    std::uint32_t timers = 16;     ///< set at once, beside one a thread
    std::uint64_t stack_pages = 4;  ///< of each; at least 2 where upcalls pre-empt
    Nanoseconds quantum{100'000};
    Nanoseconds switch_cost{0};  ///< virtual time used whenever another thread runs than before
    Demand main = {};
    bool slices = false;  ///< give way at the end of the environment's slice
};

struct NewThread {
    std::string_view name;  ///< outlives the thread
    Entry entry;            ///< returns, or calls exit()
    void* argument = nullptr;
    Demand demand = {};
    Job job = {};
    bool detached = false;  ///< nobody joins it
};

/// A signal, as the runtime knows it.
struct SignalState {
    volatile bool raised = false;
    WaitList waiters;
    SignalState* next = nullptr;
};

template <sched::Scheduler S>
class Threads {
public:
    /// The caller becomes thread 0, "main". Panics where memory does not suffice.
    Threads(rt::Environment& env, const Options& options);
    ~Threads() {
        if (slices_) env_.upcalls().remove(this);
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    // ---- threads

    /// Errors: over_limit (no number left, or the scheduler promises no more), no_frames.
    Result<TaskId> create(const NewThread& wanted);
    /// Waits until `id`, which is not detached, has ended; then its number is free. Once only.
    void join(TaskId id);
    void yield();
    void sleep_until(Instant instant);
    [[noreturn]] void exit();
    [[nodiscard]] TaskId current() const { return current_; }
    [[nodiscard]] std::string_view name(TaskId id) { return roster_[id].name; }

    /// Uses `span` of virtual time, and lets others run meanwhile as the scheduler says. Returns at
    /// the instant the span is done, whoever became runnable then. In a Section: undisturbed.
    void work(Nanoseconds span);
    /// As last read, without a call: behind work(), when it was done.
    [[nodiscard]] Instant last_now() const { return now_; }

    // ---- jobs: the unit that sjf, srpt and edf schedule by

    /// The caller's job is done; returns when begin_job() or the instant begins its next one.
    void end_job();
    void end_job_until(Instant instant, const Job& next);
    /// The caller's job is done, and its next one begins now.
    void next_job(const Job& job);
    /// Is `id` between jobs?
    [[nodiscard]] bool idle(TaskId id) {
        return roster_[id].state == ThreadState::between_jobs;
    }
    /// `id` is between jobs. Also from a timer.
    void begin_job(TaskId id, const Job& job);

    // ---- timers

    void set(Timer& timer, Instant due) {
        const Section section{*this};
        timers_.set(timer, due);
    }
    void cancel(Timer& timer) {
        const Section section{*this};
        timers_.cancel(timer);
    }

    // ---- upcalls

    /// Ask the scheduler whether the current thread is to go on. For upcall handlers; elsewhere
    /// too, where it acts at once.
    void preempt();

    // ---- for what is built on waiting: mutex.hpp and its neighbours

    /// While it lives nothing pre-empts the caller; it may wait, and others run then.
    class Section {
    public:
        explicit Section(Threads& threads) : threads_{threads}, outer_{!threads.busy_} {
            threads_.busy_ = true;
            barrier();
        }
        ~Section() {
            if (outer_) threads_.leave();
        }
        Section(const Section&) = delete;
        Section& operator=(const Section&) = delete;

    private:
        Threads& threads_;
        bool outer_;
    };

    /// All of these in a Section. Joins `list` until somebody wakes it.
    void wait(WaitList& list, const WaitReason& reason);
    /// False: the deadline passed first.
    bool wait_until(WaitList& list, const WaitReason& reason, Instant deadline);
    /// The one that waited longest; no_task: nobody waits.
    TaskId wake_first(WaitList& list);
    void wake_all(WaitList& list) {
        while (wake_first(list) != no_task) {}
    }
    /// Signals (signal.hpp) are how upcall handlers wake threads.
    void add(SignalState& signal) {
        const Section section{*this};
        signal.next = signals_;
        signals_ = &signal;
    }
    void remove(SignalState& signal) {
        const Section section{*this};
        SignalState** link = &signals_;
        while (*link != &signal) link = &(*link)->next;
        *link = signal.next;
    }
    void note_signal() { signal_noted_ = true; }

    // ---- thread-local data: local.hpp

    [[nodiscard]] unsigned take_local() {
        CHITIN_ASSERT(locals_ < locals_max);
        return locals_++;
    }
    [[nodiscard]] void*& local(unsigned index) { return roster_[current_].locals[index]; }

    // ---- counters

    [[nodiscard]] std::uint64_t switches() const { return switches_; }
    /// How often a thread was stopped before it waited, yielded or ended.
    [[nodiscard]] std::uint64_t preemptions() const { return preemptions_; }
    /// How often the environment gave way because its slice had ended.
    [[nodiscard]] std::uint64_t gave_way() const { return gave_way_; }
    /// How long nothing could run.
    [[nodiscard]] Nanoseconds idle_time() const { return idle_; }
    [[nodiscard]] rt::Environment& environment() { return env_; }

private:
    static void barrier() { asm volatile("" ::: "memory"); }
    static void thread_main(void* thread);
    static void on_planted(void* self);
    static void on_timer(void* thread, Instant due);
    static bool on_upcall(void* self, const rt::UpcallData& data);
    static std::span<std::byte> scheduler_memory(rt::Environment& env, const sched::Config& config);
    static std::span<Timer*> timer_memory(rt::Environment& env, const Options& options);

    static constexpr std::uint32_t bit(kernel::abi::Upcall kind) {
        return 1u << static_cast<unsigned>(kind);
    }

    [[nodiscard]] sched::Config config_of(const Options& options) const {
        return {.tasks = options.threads,
                .quantum = options.quantum,
                .seed = env_.start().seed};
    }
    /// Since it was picked.
    [[nodiscard]] Nanoseconds ran() const {
        return Nanoseconds{charged_.value + sched::until(now_, counted_from_).value};
    }
    void begin_count(Nanoseconds span) {
        ++picks_;
        span_ = span;
        charged_ = Nanoseconds{0};
        counted_from_ = now_;
    }
    void refresh() { now_ = rt::calls::now(); }

    void leave();
    void attend();
    void decide();
    void charge(Nanoseconds used);
    std::uint64_t compute(std::uint64_t part);
    void fire_due();
    void hear_signals();
    void give_way();
    void stop(Stop why);
    void stop_now(Stop why);
    void reschedule();
    void dispatch(const sched::Choice& choice);
    void idle_until(Instant limit);
    void make_runnable(TaskId id, const Job& job);
    void settle_arrival();
    [[noreturn]] void deadlock();

    rt::Environment& env_;
    Roster roster_;
    TimerQueue timers_;
    kernel::base::Arena arena_;
    S scheduler_;
    Preemption preemption_;
    Nanoseconds switch_cost_;
    bool slices_;

    TaskId current_ = main_thread;
    TaskId on_core_ = main_thread;  ///< whose stack this is
    TaskId reaped_ = no_task;       ///< ended and detached, given back when its stack is left
    Instant now_{0};                ///< as last read
    Nanoseconds span_{0};           ///< of the last choice
    Nanoseconds charged_{0};        ///< since then
    Instant counted_from_{0};       ///< from then on by the clock
    std::uint64_t picks_ = 0;
    std::uint64_t switches_ = 0;
    std::uint64_t preemptions_ = 0;
    std::uint64_t gave_way_ = 0;
    Nanoseconds idle_{0};
    unsigned locals_ = 0;
    SignalState* signals_ = nullptr;
    bool firing_ = false;  ///< timers: now_ is fresh
    bool woke_ = false;    ///< somebody, since the scheduler was last asked

    volatile bool busy_ = false;
    volatile bool preempt_wanted_ = false;
    volatile bool slice_ended_ = false;
    volatile bool signal_noted_ = false;
};

}  // namespace libos::thread

#include "libos/thread/threads_impl.hpp"

#pragma once

/// What threads.hpp declares.

#include "libos/thread/threads.hpp"

namespace libos::thread {

template <sched::Scheduler S>
std::span<std::byte> Threads<S>::scheduler_memory(rt::Environment& env,
                                                  const sched::Config& config) {
    const std::size_t bytes = S::bytes(config);
    const auto memory = env.heap().array<std::byte>(bytes);
    if (memory.size() != bytes) env.panic("no memory for the scheduler: ", bytes, " bytes");
    return memory;
}

template <sched::Scheduler S>
std::span<Timer*> Threads<S>::timer_memory(rt::Environment& env, const Options& options) {
    const auto slots = env.heap().array<Timer*>(options.threads + options.timers);
    if (slots.empty()) env.panic("no memory for timers");
    return slots;
}

template <sched::Scheduler S>
Threads<S>::Threads(rt::Environment& env, const Options& options)
    : env_{env},
      roster_{env, options.threads, options.stack_pages},
      timers_{timer_memory(env, options)},
      arena_{scheduler_memory(env, config_of(options))},
      scheduler_{arena_, config_of(options)},
      preemption_{on_planted, this, env.info().system().xsave},
      switch_cost_{options.switch_cost},
      slices_{options.slices} {
    refresh();
    Thread& main = roster_[main_thread];
    main.owner = this;
    main.timer.fire = on_timer;
    main.timer.argument = &main;
    if (!scheduler_.admit(main_thread, options.main, now_)) env_.panic("main is not admitted");
    scheduler_.wake(main_thread, Job{}, now_);
    const sched::Choice choice = scheduler_.pick(now_);
    CHITIN_ASSERT(choice.task == main_thread);
    begin_count(choice.span);
    if (!slices_) return;
    env_.upcalls().add(on_upcall, this);
    auto& page = env_.upcalls().page();
    page.wants = page.wants | bit(kernel::abi::Upcall::slice_end);
}

// ---- threads

template <sched::Scheduler S>
Result<TaskId> Threads<S>::create(const NewThread& wanted) {
    const Section section{*this};
    const TaskId id = TRY(roster_.take());
    refresh();
    if (!scheduler_.admit(id, wanted.demand, now_)) {
        roster_.give_back(id);
        return kernel::base::error(Status::over_limit);
    }
    Thread& thread = roster_[id];
    thread.detached = wanted.detached;
    thread.name = wanted.name;
    thread.entry = wanted.entry;
    thread.argument = wanted.argument;
    thread.owner = this;
    thread.timer.fire = on_timer;
    thread.timer.argument = &thread;
    thread.context = first_context(thread.stack_top, thread_main, &thread);
    make_runnable(id, wanted.job);
    return id;
}

// The thread that was left set busy_.
template <sched::Scheduler S>
void Threads<S>::thread_main(void* argument) {
    Thread& thread = *static_cast<Thread*>(argument);
    Threads& self = *static_cast<Threads*>(thread.owner);
    self.settle_arrival();
    self.leave();
    thread.entry(thread.argument);
    self.exit();
}

template <sched::Scheduler S>
void Threads<S>::exit() {
    const Section section{*this};
    if (current_ == main_thread) env_.panic("main ends by returning from the program");
    Thread& thread = roster_[current_];
    const TaskId ended = current_;
    stop(Stop::ended);
    wake_all(thread.joiners);
    scheduler_.leave(ended, now_);
    thread.state = ThreadState::ended;
    if (thread.detached) reaped_ = ended;
    reschedule();
    __builtin_trap();
}

template <sched::Scheduler S>
void Threads<S>::join(TaskId id) {
    const Section section{*this};
    Thread& thread = roster_[id];
    CHITIN_ASSERT(id != current_ && !thread.detached && thread.state != ThreadState::free);
    while (thread.state != ThreadState::ended) {
        wait(thread.joiners, {"the end of", thread.name, id});
    }
    roster_.give_back(id);
}

template <sched::Scheduler S>
void Threads<S>::yield() {
    const Section section{*this};
    refresh();
    fire_due();
    stop_now(Stop::yielded);
    reschedule();
}

template <sched::Scheduler S>
void Threads<S>::sleep_until(Instant instant) {
    const Section section{*this};
    WaitList nobody;
    static_cast<void>(wait_until(nobody, {"an instant", {}, no_task}, instant));
}

// ---- virtual time

template <sched::Scheduler S>
void Threads<S>::work(Nanoseconds span) {
    if (busy_) return env_.compute(span);
    const Section section{*this};
    if (span.value > 0) attend();
    while (span.value > 0) {
        const Nanoseconds turn = sched::less(span_, ran());
        const Nanoseconds quiet = sched::until(timers_.next(), now_);
        const std::uint64_t part = std::min(
            {span.value, turn.value, quiet.value, kernel::abi::compute_ns_max});
        if (part > 0) {
            const std::uint64_t pick = picks_;
            const std::uint64_t used = compute(part);
            span.value -= used;
            charge(Nanoseconds{pick == picks_ ? used : 0});
        }
        if (span.value > 0) decide();
    }
    // Done at this instant: the scheduler is asked when the thread says what comes next.
    fire_due();
    woke_ = false;
}

// The thread used `used`; what the runtime used since then is nobody's.
template <sched::Scheduler S>
void Threads<S>::charge(Nanoseconds used) {
    charged_.value += used.value;
    refresh();
    counted_from_ = now_;
}

// Uses virtual time where an upcall may pre-empt it; what was used.
template <sched::Scheduler S>
std::uint64_t Threads<S>::compute(std::uint64_t part) {
    barrier();
    busy_ = false;
    barrier();
    const bool wanted = slice_ended_ || preempt_wanted_;
    const std::uint64_t left =
        wanted ? part : rt::calls::compute(Nanoseconds{part}).value_or(0);
    busy_ = true;
    barrier();
    if (slice_ended_) give_way();
    preempt_wanted_ = false;
    return part - left;
}

template <sched::Scheduler S>
void Threads<S>::attend() {
    refresh();
    decide();
}

// Time passed: fires what is due, and lets another run if the scheduler wants that.
template <sched::Scheduler S>
void Threads<S>::decide() {
    fire_due();
    woke_ = false;
    if (!sched::used_up(span_, ran()) && !scheduler_.preempts(current_, ran(), now_)) return;
    stop_now(Stop::preempted);
    reschedule();
}

template <sched::Scheduler S>
void Threads<S>::fire_due() {
    firing_ = true;
    while (timers_.next() <= now_ && timers_.next() != never) {
        Timer& timer = timers_.pop();
        timer.fire(timer.argument, timer.due);
    }
    if (signal_noted_) hear_signals();
    firing_ = false;
}

template <sched::Scheduler S>
void Threads<S>::hear_signals() {
    signal_noted_ = false;
    barrier();
    for (SignalState* signal = signals_; signal != nullptr; signal = signal->next) {
        if (signal->raised) wake_all(signal->waiters);
    }
}

// The current thread stops; it is the caller's to say where it waits.
template <sched::Scheduler S>
void Threads<S>::stop(Stop why) {
    refresh();
    stop_now(why);
}

// As stop(), where now_ is fresh.
template <sched::Scheduler S>
void Threads<S>::stop_now(Stop why) {
    if (why == Stop::preempted) ++preemptions_;
    scheduler_.stop(current_, ran(), why, now_);
    current_ = no_task;
}

// Runs whom the scheduler picks. Returns when the one on whose stack this is was picked.
template <sched::Scheduler S>
void Threads<S>::reschedule() {
    for (;;) {
        fire_due();
        woke_ = false;
        const sched::Choice choice = scheduler_.pick(now_);
        if (choice.task != no_task) return dispatch(choice);
        idle_until(sched::after(now_, choice.span));
    }
}

template <sched::Scheduler S>
void Threads<S>::dispatch(const sched::Choice& choice) {
    const TaskId before = on_core_;
    if (choice.task != before) {
        ++switches_;
        if (switch_cost_.value > 0) {
            env_.compute(switch_cost_);
            refresh();
        }
    }
    current_ = choice.task;
    begin_count(choice.span);
    if (choice.task == before) return;
    on_core_ = choice.task;
    libos_thread_switch(&roster_[before].context, roster_[choice.task].context);
    settle_arrival();
}

template <sched::Scheduler S>
void Threads<S>::settle_arrival() {
    if (reaped_ == no_task) return;
    roster_.give_back(reaped_);
    reaped_ = no_task;
}

template <sched::Scheduler S>
void Threads<S>::idle_until(Instant limit) {
    const Instant next = std::min(timers_.next(), limit);
    if (next == never && signals_ == nullptr) deadlock();
    const Instant begun = now_;
    env_.upcalls().wait(next, [this] { return static_cast<bool>(signal_noted_); });
    refresh();
    idle_.value += sched::until(now_, begun).value;
}

template <sched::Scheduler S>
void Threads<S>::deadlock() {
    env_.say("no thread can run, and no timer is set:");
    roster_.report_waiting();
    env_.panic("deadlock");
}

// ---- waiting

template <sched::Scheduler S>
void Threads<S>::make_runnable(TaskId id, const Job& job) {
    if (!firing_) refresh();
    roster_[id].state = ThreadState::runnable;
    timers_.cancel(roster_[id].timer);  // woken in time, however late it runs
    scheduler_.wake(id, job, now_);
    woke_ = true;
}

template <sched::Scheduler S>
void Threads<S>::wait(WaitList& list, const WaitReason& reason) {
    CHITIN_ASSERT(busy_ && !firing_ && current_ == on_core_);
    const TaskId id = current_;
    Thread& thread = roster_[id];
    thread.state = ThreadState::waiting;
    thread.reason = reason;
    thread.list = &list;
    thread.timed_out = false;
    roster_.links().push_back(list, id);
    stop(Stop::blocked);
    if (reason.holder != no_task) scheduler_.inherit(id, reason.holder, now_);
    reschedule();
}

template <sched::Scheduler S>
bool Threads<S>::wait_until(WaitList& list, const WaitReason& reason, Instant deadline) {
    Thread& thread = roster_[current_];
    if (deadline != never) timers_.set(thread.timer, deadline);
    wait(list, reason);
    timers_.cancel(thread.timer);
    return !thread.timed_out;
}

template <sched::Scheduler S>
TaskId Threads<S>::wake_first(WaitList& list) {
    CHITIN_ASSERT(busy_);
    const TaskId id = list.front;
    if (id == no_task) return id;
    roster_.links().erase(list, id);
    if (roster_[id].reason.holder != no_task) scheduler_.inherit(id, no_task, now_);
    make_runnable(id, Job{});
    return id;
}

// A thread's own timer: its wait has lasted long enough, or its next job is due.
template <sched::Scheduler S>
void Threads<S>::on_timer(void* argument, Instant) {
    Thread& thread = *static_cast<Thread*>(argument);
    Threads& self = *static_cast<Threads*>(thread.owner);
    const TaskId id{static_cast<std::uint32_t>(&thread - &self.roster_[main_thread])};
    if (thread.state == ThreadState::between_jobs) return self.make_runnable(id, thread.next_job);
    CHITIN_ASSERT(thread.state == ThreadState::waiting);
    self.roster_.links().erase(*thread.list, id);
    if (thread.reason.holder != no_task) self.scheduler_.inherit(id, no_task, self.now_);
    thread.timed_out = true;
    self.make_runnable(id, Job{});
}

// ---- jobs

template <sched::Scheduler S>
void Threads<S>::end_job() {
    const Section section{*this};
    roster_[current_].state = ThreadState::between_jobs;
    stop(Stop::ended);
    reschedule();
}

template <sched::Scheduler S>
void Threads<S>::next_job(const Job& job) {
    const Section section{*this};
    const TaskId id = current_;
    stop(Stop::ended);
    make_runnable(id, job);
    reschedule();
}

template <sched::Scheduler S>
void Threads<S>::end_job_until(Instant instant, const Job& next) {
    const Section section{*this};
    Thread& thread = roster_[current_];
    thread.next_job = next;
    timers_.set(thread.timer, instant);
    end_job();
}

template <sched::Scheduler S>
void Threads<S>::begin_job(TaskId id, const Job& job) {
    const Section section{*this};
    CHITIN_ASSERT(idle(id) && !roster_[id].timer.set());
    make_runnable(id, job);
}

// ---- pre-emption

// The end of a Section: what was put off meanwhile is done now.
template <sched::Scheduler S>
void Threads<S>::leave() {
    for (;;) {
        if (slice_ended_) give_way();
        if (woke_ || preempt_wanted_) {
            preempt_wanted_ = false;
            attend();
        }
        barrier();
        busy_ = false;
        barrier();
        if (!slice_ended_ && !preempt_wanted_) return;
        busy_ = true;
        barrier();
    }
}

// The environment's slice has ended.
template <sched::Scheduler S>
void Threads<S>::give_way() {
    slice_ended_ = false;
    ++gave_way_;
    stop(Stop::preempted);
    static_cast<void>(rt::calls::yield());
    refresh();
    reschedule();
}

template <sched::Scheduler S>
void Threads<S>::on_planted(void* argument) {
    static_cast<Threads*>(argument)->leave();
}

template <sched::Scheduler S>
void Threads<S>::preempt() {
    preempt_wanted_ = true;
    if (busy_) return;
    if (!env_.upcalls().masked()) {
        const Section at_once{*this};
        return;
    }
    // Inside unmask() a handler runs on a thread's own stack: then it is put off.
    const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
    auto& page = env_.upcalls().page();
    const std::uint64_t upcall_stack = page.stack_top;
    constexpr std::uint64_t upcall_bytes = rt::Upcalls::stack_pages * kernel::abi::page_size;
    if (here > upcall_stack || here < upcall_stack - upcall_bytes) return;
    if (!roster_.room_below(current_, page.saved.rsp, preemption_bytes_max)) {
        env_.panic("stack overflow in thread ", sched::position(current_), " (", name(current_),
                   ")");
    }
    busy_ = true;
    plant(page.saved, preemption_);
}

template <sched::Scheduler S>
bool Threads<S>::on_upcall(void* argument, const rt::UpcallData& data) {
    if (data.kind != kernel::abi::Upcall::slice_end) return false;
    Threads& self = *static_cast<Threads*>(argument);
    self.slice_ended_ = true;
    self.preempt();
    return true;
}

}  // namespace libos::thread

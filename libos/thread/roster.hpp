#pragma once

/// The roster: every thread's record, stack and place in a waiting list; what of the thread
/// runtime does not depend on the scheduler.
///
///     a region of the environment's address space, one stride a thread:
///     | guard page, never mapped | stack_pages, mapped when a thread first needs them |
///
/// Invariants: a thread is in at most one waiting list; a thread's number is its task's; thread 0
/// is the program's own flow, on the environment's first stack.

#include <span>
#include <string_view>

#include "libos/rt/environment.hpp"
#include "libos/sched/scheduler.hpp"
#include "libos/sched/task_queue.hpp"
#include "libos/thread/timer.hpp"

namespace libos::thread {

using kernel::base::Result;
using sched::no_task;
using sched::TaskId;

using Entry = void (*)(void* argument);

inline constexpr TaskId main_thread{0};
inline constexpr unsigned locals_max = 8;

/// Who waits for something, in order of arrival.
using WaitList = sched::TaskQueue;

enum class ThreadState : std::uint8_t { free, runnable, waiting, between_jobs, ended };

/// What a thread waits for, as a report of a deadlock says it.
struct WaitReason {
    std::string_view kind;  ///< "mutex"
    std::string_view name;
    TaskId holder = no_task;  ///< who has it, and inherits; no_task: nobody in particular
};

struct Thread {
    ThreadState state = ThreadState::free;
    bool detached = false;
    bool timed_out = false;  ///< its last wait
    std::string_view name;
    Entry entry = nullptr;
    void* argument = nullptr;
    void* owner = nullptr;          ///< the runtime
    void* context = nullptr;        ///< while it does not run
    std::uint64_t stack_top = 0;    ///< 0: not mapped yet
    WaitReason reason;
    WaitList* list = nullptr;       ///< where it waits
    WaitList joiners;
    Timer timer;
    sched::Job next_job;            ///< that its timer begins
    void* locals[locals_max] = {};
};

class Roster {
public:
    /// Panics where memory does not suffice.
    Roster(rt::Environment& env, std::uint32_t threads, std::uint64_t stack_pages);

    [[nodiscard]] Thread& operator[](TaskId id) { return threads_[sched::position(id)]; }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(threads_.size()); }
    [[nodiscard]] sched::TaskLinks& links() { return links_; }

    /// A free thread with a stack. Errors: over_limit (all are taken), as Space::map_new.
    Result<TaskId> take();
    void give_back(TaskId id);

    /// Is there room for `bytes` on the stack of `id` below `stack_pointer`?
    [[nodiscard]] bool room_below(TaskId id, std::uint64_t stack_pointer, std::uint64_t bytes);

    /// Says who waits for what.
    void report_waiting();

private:
    [[nodiscard]] std::uint64_t stack_bytes() const {
        return stack_pages_ * kernel::abi::page_size;
    }

    rt::Environment& env_;
    std::uint64_t stack_pages_;
    std::uint64_t stacks_;  ///< where the region begins
    std::span<Thread> threads_;
    kernel::base::Arena arena_;
    sched::TaskLinks links_;
    WaitList free_;
};

}  // namespace libos::thread

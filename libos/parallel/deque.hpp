// Deque: the tasks of one worker, in memory that all workers share.
//
// Its owner pushes and takes at the bottom, thieves steal at the top: the deque of Chase and Lev
// (SPAA 2005) with the fences of Le, Pop, Cohen and Zappa Nardelli (PPoPP 2013, figure 1), and of
// a fixed size: who finds it full runs the task at once.
//
// Why a task has no pointer: windows differ from core to core (kernel/abi/info.hpp). It names its
// function by number, and data by offset.
//
// Invariants: top only grows; slots between top and bottom are tasks. The others' memory is an
// allegation only as far as the team trusts itself: all its environments run one program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace libos::parallel {

struct Task {
    std::uint64_t function;
    std::uint64_t words[3];
};
static_assert(sizeof(Task) == 32);

class Deque {
public:
    static constexpr std::int64_t capacity = 16;

    // ---- the owner's

    // False: full.
    bool push(const Task& task) {
        const std::int64_t bottom = __atomic_load_n(&bottom_, __ATOMIC_RELAXED);
        const std::int64_t top = __atomic_load_n(&top_, __ATOMIC_ACQUIRE);
        if (bottom - top >= capacity) return false;
        store(bottom, task);
        __atomic_thread_fence(__ATOMIC_RELEASE);
        __atomic_store_n(&bottom_, bottom + 1, __ATOMIC_RELAXED);
        return true;
    }
    // The newest. False: empty, or a thief was faster.
    bool take(Task& task) {
        const std::int64_t bottom = __atomic_load_n(&bottom_, __ATOMIC_RELAXED) - 1;
        __atomic_store_n(&bottom_, bottom, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        std::int64_t top = __atomic_load_n(&top_, __ATOMIC_RELAXED);
        bool taken = top <= bottom;
        if (taken) load(bottom, task);
        if (top == bottom) taken = advance(top);  // the last one: thieves want it too
        if (top >= bottom) __atomic_store_n(&bottom_, bottom + 1, __ATOMIC_RELAXED);
        return taken;
    }

    // ---- everybody's

    // The oldest. False: empty, or somebody else was faster.
    bool steal(Task& task) {
        std::int64_t top = __atomic_load_n(&top_, __ATOMIC_ACQUIRE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        const std::int64_t bottom = __atomic_load_n(&bottom_, __ATOMIC_ACQUIRE);
        if (top >= bottom) return false;
        load(top, task);
        return advance(top);
    }
    bool empty() const {
        return __atomic_load_n(&top_, __ATOMIC_ACQUIRE) >=
               __atomic_load_n(&bottom_, __ATOMIC_ACQUIRE);
    }

private:
    static constexpr std::size_t task_words = sizeof(Task) / sizeof(std::uint64_t);

    // A thief may read a slot that is being written; then it does not get the task either.
    void store(std::int64_t place, const Task& task) {
        std::uint64_t* slot = slots_[place & (capacity - 1)];
        __atomic_store_n(&slot[0], task.function, __ATOMIC_RELAXED);
        for (std::size_t i = 1; i < task_words; ++i) {
            __atomic_store_n(&slot[i], task.words[i - 1], __ATOMIC_RELAXED);
        }
    }
    void load(std::int64_t place, Task& task) const {
        const std::uint64_t* slot = slots_[place & (capacity - 1)];
        task.function = __atomic_load_n(&slot[0], __ATOMIC_RELAXED);
        for (std::size_t i = 1; i < task_words; ++i) {
            task.words[i - 1] = __atomic_load_n(&slot[i], __ATOMIC_RELAXED);
        }
    }
    bool advance(std::int64_t top) {
        return __atomic_compare_exchange_n(&top_, &top, top + 1, false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_RELAXED);
    }

    alignas(64) std::int64_t top_;
    alignas(64) std::int64_t bottom_;
    alignas(64) std::uint64_t slots_[capacity][task_words];
};

}  // namespace libos::parallel

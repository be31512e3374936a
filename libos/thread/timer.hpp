#pragma once

/// Timers: what happens at an instant. A heap of those that are set, the earliest on top.
///
/// Invariants: timers that are due at one instant fire in the order in which they were set; a
/// timer is set at most once at a time; its owner keeps it alive meanwhile. O(log set) each.

#include <cstdint>
#include <span>

#include "kernel/abi/types.hpp"
#include "kernel/base/assert.hpp"

namespace libos::thread {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::never;

struct Timer {
    /// Called on whatever thread's stack the runtime is at work: it must not wait.
    void (*fire)(void* argument, Instant due) = nullptr;
    void* argument = nullptr;

    [[nodiscard]] bool set() const { return place != 0; }

    // ---- the queue's own
    Instant due{0};
    std::uint64_t sequence = 0;
    std::uint32_t place = 0;  ///< in the heap, + 1; 0: not set
};

class TimerQueue {
public:
    explicit TimerQueue(std::span<Timer*> slots) : slots_{slots} {}

    /// When the earliest is due, or `never`.
    [[nodiscard]] Instant next() const { return size_ == 0 ? never : slots_[0]->due; }
    [[nodiscard]] bool full() const { return size_ == slots_.size(); }

    void set(Timer& timer, Instant due) {
        CHITIN_ASSERT(!timer.set() && !full());
        timer.due = due;
        timer.sequence = sequence_++;
        rise(size_++, timer);
    }

    void cancel(Timer& timer) {
        if (!timer.set()) return;
        const std::uint32_t at = timer.place - 1;
        timer.place = 0;
        if (at == --size_) return;
        Timer& moved = *slots_[size_];
        if (at > 0 && before(moved, *slots_[(at - 1) / 2])) rise(at, moved);
        else sink(at, moved);
    }

    /// The earliest, no longer set.
    [[nodiscard]] Timer& pop() {
        CHITIN_ASSERT(size_ > 0);
        Timer& timer = *slots_[0];
        cancel(timer);
        return timer;
    }

private:
    [[nodiscard]] static bool before(const Timer& one, const Timer& other) {
        if (one.due != other.due) return one.due < other.due;
        return one.sequence < other.sequence;
    }

    void put(std::uint32_t at, Timer& timer) {
        slots_[at] = &timer;
        timer.place = at + 1;
    }

    void rise(std::uint32_t at, Timer& timer) {
        for (; at > 0 && before(timer, *slots_[(at - 1) / 2]); at = (at - 1) / 2) {
            put(at, *slots_[(at - 1) / 2]);
        }
        put(at, timer);
    }

    void sink(std::uint32_t at, Timer& timer) {
        for (std::uint32_t child = 2 * at + 1; child < size_; child = 2 * at + 1) {
            if (child + 1 < size_ && before(*slots_[child + 1], *slots_[child])) ++child;
            if (!before(*slots_[child], timer)) break;
            put(at, *slots_[child]);
            at = child;
        }
        put(at, timer);
    }

    std::span<Timer*> slots_;
    std::uint32_t size_ = 0;
    std::uint64_t sequence_ = 0;
};

}  // namespace libos::thread

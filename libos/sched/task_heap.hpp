#pragma once

/// The task heap: tasks ordered by a key, the least key on top.
///
/// Why: policies that rank tasks by a number (a deadline, a virtual time, what remains) need the
/// least at once and any task's key changed in place. A binary heap beside an array of places
/// does that in O(log size) with memory linear in tasks.
///
///     slots[0] is the least; children of slots[i] are slots[2i+1] and slots[2i+2]
///     places[t] = i + 1 where slots[i] is task t; 0 where t is absent
///
/// Invariant: no slot's (key, task) is less than its parent's: equal keys are ordered by task.

#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/sched/scheduler.hpp"

namespace libos::sched {

/// Key: copyable, with operator<.
template <typename Key>
class TaskHeap {
public:
    static constexpr std::size_t bytes(std::uint32_t tasks) {
        using kernel::base::Arena;
        return Arena::room<Slot>(tasks) + Arena::room<std::uint32_t>(tasks);
    }

    TaskHeap(kernel::base::Arena& arena, std::uint32_t tasks)
        : slots_{arena.take<Slot>(tasks)}, places_{arena.take<std::uint32_t>(tasks)} {}

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] bool contains(TaskId task) const { return places_[position(task)] != 0; }
    [[nodiscard]] TaskId top() const { return slots_[first()].task; }
    [[nodiscard]] const Key& top_key() const { return slots_[first()].key; }

    void push(TaskId task, const Key& key) {
        CHITIN_ASSERT(!contains(task));
        rise(size_++, {key, task});
    }

    void change(TaskId task, const Key& key) {
        CHITIN_ASSERT(contains(task));
        settle(places_[position(task)] - 1, {key, task});
    }

    void erase(TaskId task) {
        CHITIN_ASSERT(contains(task));
        const std::uint32_t at = places_[position(task)] - 1;
        places_[position(task)] = 0;
        if (at == --size_) return;
        settle(at, Slot{slots_[size_]});
    }

    /// Remove and return the task of the least key.
    [[nodiscard]] TaskId pop() {
        const TaskId task = top();
        erase(task);
        return task;
    }

    /// Would `task` with `key` come after the top?
    [[nodiscard]] bool beats(TaskId task, const Key& key) const {
        return !empty() && before(slots_[0], {key, task});
    }

private:
    struct Slot {
        Key key{};
        TaskId task = no_task;
    };

    [[nodiscard]] static bool before(const Slot& one, const Slot& other) {
        if (one.key < other.key) return true;
        return !(other.key < one.key) && one.task < other.task;
    }

    [[nodiscard]] std::uint32_t first() const {
        CHITIN_ASSERT(!empty());
        return 0;
    }

    void put(std::uint32_t at, const Slot& slot) {
        slots_[at] = slot;
        places_[position(slot.task)] = at + 1;
    }

    void settle(std::uint32_t at, const Slot& slot) {
        if (at > 0 && before(slot, slots_[(at - 1) / 2])) rise(at, slot);
        else sink(at, slot);
    }

    void rise(std::uint32_t at, const Slot& moved) {
        while (at > 0 && before(moved, slots_[(at - 1) / 2])) {
            put(at, slots_[(at - 1) / 2]);
            at = (at - 1) / 2;
        }
        put(at, moved);
    }

    void sink(std::uint32_t at, const Slot& moved) {
        for (std::uint64_t child = 2ull * at + 1; child < size_; child = 2ull * at + 1) {
            if (child + 1 < size_ && before(slots_[child + 1], slots_[child])) ++child;
            if (!before(slots_[child], moved)) break;
            put(at, slots_[child]);
            at = static_cast<std::uint32_t>(child);
        }
        put(at, moved);
    }

    std::span<Slot> slots_;
    std::span<std::uint32_t> places_;
    std::uint32_t size_ = 0;
};

}  // namespace libos::sched

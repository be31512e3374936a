#pragma once

/// The mutex: one thread at a time. Its holder inherits from those who wait.
///
/// Why unlock() wakes everyone who waits: whom the scheduler runs first gets it, so that every
/// policy decides by its own order; handing it to the one that waited longest would not. Those who
/// come late wait again, and lend what they have to the new holder.
///
/// Source of inheritance: Sha, Rajkumar and Lehoczky 1990, section III (see libos/sched).

#include "libos/thread/threads.hpp"

namespace libos::thread {

template <class T>
class Mutex {
public:
    explicit Mutex(T& threads, std::string_view name = {}) : threads_{threads}, name_{name} {}
    ~Mutex() { CHITIN_ASSERT(holder_ == no_task && waiters_.empty()); }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Not by its holder: that would be a deadlock, and is reported as one.
    void lock() {
        const typename T::Section section{threads_};
        while (holder_ != no_task) threads_.wait(waiters_, {"mutex", name_, holder_});
        holder_ = threads_.current();
    }

    [[nodiscard]] bool try_lock() {
        const typename T::Section section{threads_};
        if (holder_ != no_task) return false;
        holder_ = threads_.current();
        return true;
    }

    /// By its holder only.
    void unlock() {
        const typename T::Section section{threads_};
        CHITIN_ASSERT(holder_ == threads_.current());
        holder_ = no_task;
        threads_.wake_all(waiters_);
    }

    [[nodiscard]] TaskId holder() const { return holder_; }

private:
    T& threads_;
    std::string_view name_;
    TaskId holder_ = no_task;
    WaitList waiters_;
};

/// Holds a mutex while it lives.
template <class M>
class Lock {
public:
    explicit Lock(M& mutex) : mutex_{mutex} { mutex_.lock(); }
    ~Lock() { mutex_.unlock(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

private:
    M& mutex_;
};

}  // namespace libos::thread

#pragma once

/// The signal: how an upcall handler tells threads that something came.
///
/// Why not a semaphore: a handler may interrupt the runtime while its data is in motion. It sets a
/// flag; the runtime looks at flags whenever it asks the scheduler. While there is any signal the
/// environment parks where it would otherwise report a deadlock.

#include "libos/thread/threads.hpp"

namespace libos::thread {

template <class T>
class Signal {
public:
    explicit Signal(T& threads, std::string_view name = {}) : threads_{threads}, name_{name} {
        threads_.add(state_);
    }
    ~Signal() {
        CHITIN_ASSERT(state_.waiters.empty());
        threads_.remove(state_);
    }
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// From a handler, or anywhere.
    void raise() {
        state_.raised = true;
        threads_.note_signal();
        threads_.preempt();
    }

    /// Returns when it was raised since the last wait(): several times count once.
    void wait() {
        const typename T::Section section{threads_};
        while (!state_.raised) threads_.wait(state_.waiters, {"signal", name_, no_task});
        state_.raised = false;
    }

private:
    T& threads_;
    std::string_view name_;
    SignalState state_;
};

}  // namespace libos::thread

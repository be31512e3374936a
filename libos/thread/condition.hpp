#pragma once

/// The condition: waiting, with a mutex given up meanwhile, until somebody says that something
/// changed. What was waited for is looked at again afterwards: another may have been faster.
///
/// Source: B. W. Lampson and D. D. Redell, "Experience with processes and monitors in Mesa",
/// CACM 23(2), 1980.

#include "libos/thread/mutex.hpp"

namespace libos::thread {

template <class T>
class Condition {
public:
    explicit Condition(T& threads, std::string_view name = {}) : threads_{threads}, name_{name} {}
    ~Condition() { CHITIN_ASSERT(waiters_.empty()); }
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// The caller holds `mutex`, and does again afterwards.
    void wait(Mutex<T>& mutex) { static_cast<void>(wait_until(mutex, never)); }

    /// False: the deadline passed first.
    bool wait_until(Mutex<T>& mutex, Instant deadline) {
        const typename T::Section section{threads_};
        mutex.unlock();
        const bool told = threads_.wait_until(waiters_, {"condition", name_, no_task}, deadline);
        mutex.lock();
        return told;
    }

    void notify_one() {
        const typename T::Section section{threads_};
        threads_.wake_first(waiters_);
    }
    void notify_all() {
        const typename T::Section section{threads_};
        threads_.wake_all(waiters_);
    }

private:
    T& threads_;
    std::string_view name_;
    WaitList waiters_;
};

}  // namespace libos::thread

#pragma once

/// The semaphore: a number of permits. Who waited longest gets the next one.
///
/// Source: E. W. Dijkstra, "Cooperating sequential processes", 1965.

#include "libos/thread/threads.hpp"

namespace libos::thread {

template <class T>
class Semaphore {
public:
    Semaphore(T& threads, std::uint32_t permits, std::string_view name = {})
        : threads_{threads}, name_{name}, permits_{permits} {}
    ~Semaphore() { CHITIN_ASSERT(waiters_.empty()); }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    void acquire() { static_cast<void>(acquire_until(never)); }

    /// False: the deadline passed first.
    bool acquire_until(Instant deadline) {
        const typename T::Section section{threads_};
        if (permits_ > 0) {
            --permits_;
            return true;
        }
        return threads_.wait_until(waiters_, {"semaphore", name_, no_task}, deadline);
    }

    /// Also from a timer.
    void release() {
        const typename T::Section section{threads_};
        if (threads_.wake_first(waiters_) == no_task) ++permits_;
    }

    [[nodiscard]] std::uint32_t permits() const { return permits_; }
    [[nodiscard]] bool awaited() const { return !waiters_.empty(); }

private:
    T& threads_;
    std::string_view name_;
    std::uint32_t permits_;
    WaitList waiters_;
};

}  // namespace libos::thread

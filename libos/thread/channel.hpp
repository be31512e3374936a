#pragma once

/// The channel: values from threads to threads, in order, at most `size` on the way.
///
/// Invariant: values come out in the order they went in, each once. Source: C. A. R. Hoare,
/// "Communicating sequential processes", CACM 21(8), 1978, with a buffer.

#include <optional>

#include "libos/thread/threads.hpp"

namespace libos::thread {

template <class T, class Value, std::size_t size>
class Channel {
public:
    static_assert(size > 0);

    explicit Channel(T& threads, std::string_view name = {}) : threads_{threads}, name_{name} {}
    ~Channel() { CHITIN_ASSERT(senders_.empty() && receivers_.empty()); }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Waits while it is full. False: it is closed.
    bool send(const Value& value) {
        const typename T::Section section{threads_};
        while (count_ == size && !closed_) {
            threads_.wait(senders_, {"room in channel", name_, no_task});
        }
        if (closed_) return false;
        values_[(first_ + count_++) % size] = value;
        threads_.wake_first(receivers_);
        return true;
    }

    /// Waits while it is empty. Nothing: it is closed, and empty.
    std::optional<Value> receive() {
        const typename T::Section section{threads_};
        while (count_ == 0 && !closed_) {
            threads_.wait(receivers_, {"a value in channel", name_, no_task});
        }
        if (count_ == 0) return std::nullopt;
        const Value value = values_[first_];
        first_ = (first_ + 1) % size;
        --count_;
        threads_.wake_first(senders_);
        return value;
    }

    /// Nothing goes in any more.
    void close() {
        const typename T::Section section{threads_};
        closed_ = true;
        threads_.wake_all(senders_);
        threads_.wake_all(receivers_);
    }

private:
    T& threads_;
    std::string_view name_;
    Value values_[size] = {};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    bool closed_ = false;
    WaitList senders_;
    WaitList receivers_;
};

}  // namespace libos::thread

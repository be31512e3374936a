#pragma once

/// Thread-local data: one pointer for each thread, empty at first.
///
/// Why no TLS segment: programs have no globals, so there is nothing a compiler would place there;
/// and fs belongs to the host on the hosted machine.

#include "libos/thread/threads.hpp"

namespace libos::thread {

template <class T, class Value>
class Local {
public:
    /// At most locals_max to a runtime (asserted).
    explicit Local(T& threads) : threads_{threads}, index_{threads.take_local()} {}

    [[nodiscard]] Value* get() const { return static_cast<Value*>(threads_.local(index_)); }
    void set(Value* value) { threads_.local(index_) = value; }

private:
    T& threads_;
    unsigned index_;
};

}  // namespace libos::thread

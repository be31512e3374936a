// Fiber: a body of code with a stack of its own that runs until it yields.
//
// Why Boost.Context's jump_fcontext and not its fiber class: Debian's build has no sanitizer
// support, so the switches are annotated here (sanitizer/<kind>/stack_marks.hpp).
// Invariants: resume() is called from outside, yield() from inside; the stack outlives the
// fiber; no exception leaves the body.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <functional>
#include <span>

#include "stack_marks.hpp"

namespace sim::engine {

class Fiber {
public:
    Fiber(std::span<std::byte> stack, std::function<void()> body);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    // Runs the body until it yields or returns.
    void resume();
    void yield();
    bool finished() const { return finished_; }
    const StackMark& mark() const { return inside_; }

private:
    static void start(boost::context::detail::transfer_t transfer);

    std::function<void()> body_;
    boost::context::detail::fcontext_t inside_context_;
    boost::context::detail::fcontext_t outside_context_ = nullptr;
    StackMark inside_;
    StackMark outside_;
    bool finished_ = false;
};

}  // namespace sim::engine

#include "sim/engine/fiber.hpp"

#include <utility>

#include "kernel/base/assert.hpp"

namespace sim::engine {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

Fiber::Fiber(std::span<std::byte> stack, std::function<void()> body)
    : body_{std::move(body)},
      inside_context_{make_fcontext(stack.data() + stack.size(), stack.size(), &Fiber::start)} {
    inside_.bottom = stack.data();
    inside_.size = stack.size();
    open_mark(inside_);
}

Fiber::~Fiber() { close_mark(inside_); }

[[gnu::noinline, gnu::no_sanitize("thread")]] void Fiber::resume() {
    CHITIN_ASSERT(!finished_);
    leave_stack(outside_, inside_);
    const transfer_t transfer = jump_fcontext(inside_context_, this);
    arrive_on_stack(outside_, inside_);
    inside_context_ = transfer.fctx;
}

[[gnu::noinline, gnu::no_sanitize("thread")]] void Fiber::yield() {
    leave_stack(inside_, outside_);
    const transfer_t transfer = jump_fcontext(outside_context_, nullptr);
    arrive_on_stack(inside_, outside_);
    outside_context_ = transfer.fctx;
}

[[gnu::no_sanitize("thread")]] void Fiber::start(transfer_t transfer) {
    Fiber& self = *static_cast<Fiber*>(transfer.data);
    arrive_on_stack(self.inside_, self.outside_);
    self.outside_context_ = transfer.fctx;
    self.body_();
    self.finished_ = true;
    leave_stack_for_good(self.outside_);
    jump_fcontext(self.outside_context_, nullptr);
    __builtin_unreachable();
}

}  // namespace sim::engine

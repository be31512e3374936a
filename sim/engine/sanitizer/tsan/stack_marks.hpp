// StackMark: tells ThreadSanitizer which fiber runs (see ../README.md).
//
// Switches do not synchronise: simulated cores on one host thread are concurrent to TSan, so
// it finds data races between them.
#pragma once

#include <sanitizer/tsan_interface.h>

#include <cstddef>
#include <cstdint>

namespace sim::engine {

struct StackMark {
    const void* bottom = nullptr;
    std::size_t size = 0;
    void* fiber = nullptr;
    bool owned = false;
};

inline void open_mark(StackMark& mark) {
    mark.fiber = __tsan_create_fiber(0);
    mark.owned = true;
}
inline void close_mark(StackMark& mark) {
    if (mark.owned) __tsan_destroy_fiber(mark.fiber);
    mark.owned = false;
}
[[gnu::no_sanitize("thread")]] inline void leave_stack(StackMark& from, const StackMark& to) {
    if (!from.owned) from.fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to.fiber, 0);
}
[[gnu::no_sanitize("thread")]] inline void leave_stack_for_good(const StackMark& to) {
    __tsan_switch_to_fiber(to.fiber, 0);
}
inline void arrive_on_stack(StackMark&, StackMark&) {}
inline void enter_environment_stack(std::uint64_t) {}
inline void leave_environment_stack(const StackMark&) {}

}  // namespace sim::engine

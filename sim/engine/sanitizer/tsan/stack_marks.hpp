// StackMark: tells ThreadSanitizer which fiber runs (see ../README.md).
//
// Switches do not synchronise: simulated cores on one host thread are concurrent to TSan, so
// it finds data races between them. Only a fiber's last switch does, so that what it left can be
// read. What the host's side does for several cores is Unobserved: it neither races nor orders.
#pragma once

#include <sanitizer/tsan_interface.h>

#include <cstddef>
#include <cstdint>

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}

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
    __tsan_switch_to_fiber(to.fiber, __tsan_switch_to_fiber_no_sync);
}
[[gnu::no_sanitize("thread")]] inline void leave_stack_for_good(const StackMark& to) {
    __tsan_switch_to_fiber(to.fiber, 0);
}
inline void arrive_on_stack(StackMark&, StackMark&) {}
inline void look_away() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}
inline void look_again() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

// While one exists, ThreadSanitizer does not look.
class Unobserved {
public:
    Unobserved() { look_away(); }
    Unobserved(const Unobserved&) = delete;
    Unobserved& operator=(const Unobserved&) = delete;
    ~Unobserved() { look_again(); }
};

// All cores' environments use the same window of addresses here. Their own code is compiled
// without instrumentation, but what they share with the host (memset, inlines of the standard
// library that the linker keeps once) is not.
inline void enter_environment_stack(std::uint64_t) { look_away(); }
inline void leave_environment_stack(const StackMark&) { look_again(); }

}  // namespace sim::engine

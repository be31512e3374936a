// StackMark: tells AddressSanitizer which stack the code runs on (see ../README.md).
#pragma once

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#include <cstddef>
#include <cstdint>

namespace sim::engine {

struct StackMark {
    const void* bottom = nullptr;
    std::size_t size = 0;
    void* fake_stack = nullptr;
};

inline void open_mark(StackMark&) {}
// A body that ended left its last frames marked, and the host may give their addresses again.
inline void close_mark(StackMark& mark) {
    __asan_unpoison_memory_region(mark.bottom, mark.size);
}

// Before the switch, on the old stack.
inline void leave_stack(StackMark& from, const StackMark& to) {
    __sanitizer_start_switch_fiber(&from.fake_stack, to.bottom, to.size);
}
inline void leave_stack_for_good(const StackMark& to) {
    __sanitizer_start_switch_fiber(nullptr, to.bottom, to.size);
}
// After the switch, on the new stack; learns the bounds of the old one.
inline void arrive_on_stack(StackMark& self, StackMark& from) {
    __sanitizer_finish_switch_fiber(self.fake_stack, &from.bottom, &from.size);
}

// An environment's stack is its own memory; what ASan needs is bounds that hold its rsp.
inline void enter_environment_stack(std::uint64_t rsp) {
    constexpr std::uint64_t span = 1 << 20;
    void* fake_stack = nullptr;
    const std::uint64_t bottom = (rsp & ~(span - 1)) - span;
    __sanitizer_start_switch_fiber(&fake_stack, reinterpret_cast<const void*>(bottom), 3 * span);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}
inline void leave_environment_stack(const StackMark& kernel) {
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, kernel.bottom, kernel.size);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}

// See ../tsan/stack_marks.hpp.
struct Unobserved {
    Unobserved() {}
};

}  // namespace sim::engine

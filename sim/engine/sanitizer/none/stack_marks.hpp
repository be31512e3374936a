// StackMark: nothing to tell anybody about stacks in this build (see ../README.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sim::engine {

struct StackMark {
    const void* bottom = nullptr;
    std::size_t size = 0;
};

inline void open_mark(StackMark&) {}
inline void close_mark(StackMark&) {}
inline void leave_stack(StackMark&, const StackMark&) {}
inline void leave_stack_for_good(const StackMark&) {}
inline void arrive_on_stack(StackMark&, StackMark&) {}
inline void enter_environment_stack(std::uint64_t) {}
inline void leave_environment_stack(const StackMark&) {}

// See ../tsan/stack_marks.hpp.
struct Unobserved {
    Unobserved() {}
};

}  // namespace sim::engine

#include "libos/thread/context.hpp"

#include "kernel/base/assert.hpp"

namespace libos::thread {

namespace {

constexpr std::uint64_t control_words = 0x037f'0000'1f80;  // x87 << 32 | SSE, as at the start
constexpr std::uint64_t red_zone = 128;

std::uint64_t* words_at(std::uint64_t address) {
    return reinterpret_cast<std::uint64_t*>(address);
}

std::uint64_t code_address(void (*function)()) {
    return reinterpret_cast<std::uint64_t>(function);
}

}  // namespace

void* first_context(std::uint64_t stack_top, void (*function)(void*), void* argument) {
    CHITIN_ASSERT(stack_top % 16 == 0);
    // The return takes the stack pointer to stack_top: aligned, as libos_thread_start calls.
    std::uint64_t* const frame = words_at(stack_top) - 8;
    frame[0] = control_words;
    frame[1] = frame[2] = frame[3] = frame[6] = 0;  // r15 r14 r13 rbp
    frame[4] = reinterpret_cast<std::uint64_t>(argument);
    frame[5] = reinterpret_cast<std::uint64_t>(function);
    frame[7] = code_address(libos_thread_start);
    return frame;
}

void plant(volatile kernel::abi::SavedState& saved, const Preemption& preemption) {
    const std::uint64_t top = saved.rsp - red_zone - 16;
    words_at(top)[0] = reinterpret_cast<std::uint64_t>(&preemption);
    words_at(top)[1] = saved.rip;
    saved.rsp = top;
    saved.rip = code_address(libos_thread_preempted);
}

}  // namespace libos::thread

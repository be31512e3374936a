#pragma once

/// A thread's context: what of the processor's state it has while it does not run, on its own
/// stack (context.S).
///
/// Why pre-emption plants a call instead of switching in the upcall: the upcall's page and stack
/// are one to an environment, and free again before another thread runs. The interrupted thread
/// itself saves all its registers on its own stack, below its red zone, and gives way.
///
/// Source: callee-saved state as in the System V ABI for AMD64, section 3.2.1; the planted call
/// is what T. Anderson et al., "Scheduler activations", SOSP 1991, do with upcalls that interrupt
/// a thread.

#include <cstdint>

#include "kernel/abi/upcall.hpp"

extern "C" {
void libos_thread_switch(void** from, void* to);
void libos_thread_start();
void libos_thread_preempted();
}

namespace libos::thread {

/// What a pre-empted thread calls. context.S knows the layout.
struct Preemption {
    void (*function)(void*);
    void* argument;
    std::uint64_t xsave;  ///< 1: floating-point state by xsave; 0: by fxsave
};
static_assert(sizeof(Preemption) == 24);

/// The room that a planted call needs below the interrupted stack pointer.
inline constexpr std::uint64_t preemption_bytes_max =
    kernel::abi::floating_point_size + 1024;

/// A stack that, switched to, calls function(argument), which does not return.
[[nodiscard]] void* first_context(std::uint64_t stack_top, void (*function)(void*),
                                  void* argument);

/// The interrupted thread calls preemption.function(preemption.argument) before it goes on.
/// `saved`: of the upcall page; the stack below it is mapped.
void plant(volatile kernel::abi::SavedState& saved, const Preemption& preemption);

}  // namespace libos::thread

// UserContext: an environment's registers while it is not running, and Trap: why it stopped.
//
// Both are the same on every machine; how they get in and out of the CPU is the machine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernel/abi/types.hpp"
#include "kernel/abi/upcall.hpp"

namespace kernel::machine {

// How run() must bring the registers back.
enum class Resume : std::uint64_t {
    call = 0,  // after a call: rax, rdx, rsp, rip and the callee-saved; the rest is undefined
    full,      // after anything else: every register, floating-point state included
};

struct UserContext {
    // General registers; cs and ss are the machine's to fill in at a trap and are not
    // honoured when they come back from an environment (the machine uses its own).
    abi::SavedState regs;
    Resume resume;
    // The machine's: may hold whether `floating_point` is valid, the environment's stack, ...
    std::uint64_t machine_words[7];
    alignas(64) std::byte floating_point[abi::floating_point_size];
};
static_assert(offsetof(UserContext, regs) == 0);
static_assert(offsetof(UserContext, resume) == 160);
static_assert(std::is_trivially_copyable_v<UserContext>);

enum class TrapKind : std::uint32_t {
    call,        // regs.rax: number; regs.rdi rsi rdx r10 r8 r9: arguments; resume == call
    page_fault,  // address, error
    exception,   // vector, error
    tick,        // the time that run() was given has come: look around
    runaway,     // the watchdog: host time burnt without entering the kernel
};

struct Trap {
    TrapKind kind;
    std::uint32_t vector;   // of page_fault (14) and exception
    std::uint64_t error;    // the hardware's error code
    abi::VirtAddr address;  // of page_fault: the faulting address (CR2)
};

}  // namespace kernel::machine

// CoreState: what the trap entry needs at a fixed place, one a core.
//
// Why not GS: an environment can load GS at any moment, so reaching per-core state through it
// needs swapgs, whose pairing NMIs, debug exceptions and MOV SS have broken in most kernels.
// A core's roots map the kernel's half, so a fixed address can name each core's own page
// (paging.hpp): whatever is marked CHITIN_OWN (layout.hpp) is one object a core.
//
// The trick that makes traps short: while an environment runs, the TSS's rsp0 points just
// past its context's saved registers, so the processor itself writes the interrupt frame into
// UserContext::regs, whose last five words have that order ([intel/vol3] 6.14.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/bare/x86_64/layout.hpp"

namespace kernel::bare {

struct [[gnu::packed]] TaskState {  // [intel/vol3] 8.7, figure 8-11
    std::uint32_t reserved0;
    std::uint64_t rsp[3];
    std::uint64_t reserved1;
    std::uint64_t ist[7];
    std::uint64_t reserved2;
    std::uint16_t reserved3;
    std::uint16_t io_map_base;
};
static_assert(sizeof(TaskState) == 104);

struct alignas(64) CoreState {
    std::uint64_t kernel_rsp;   // where chitin_enter_* was left
    std::uint64_t user_rsp;     // scratch of the syscall entry
    std::uint64_t trap_place;   // behind the stub that was entered
    std::uint64_t trap_error;
    std::uint32_t padding;      // so that rsp0 is aligned
    TaskState tss;
};
// entry.S has these offsets.
static_assert(offsetof(CoreState, kernel_rsp) == 0);
static_assert(offsetof(CoreState, user_rsp) == 8);
static_assert(offsetof(CoreState, trap_place) == 16);
static_assert(offsetof(CoreState, trap_error) == 24);
static_assert(offsetof(CoreState, tss) + 4 == 40);

extern "C" CoreState chitin_core_state;

// What stopped an environment, as entry.S returns it.
enum class Entry : std::uint64_t { call = 0, trap = 1 };

}  // namespace kernel::bare

// entry.S: restore the registers of the context in rdi and leave the kernel; both come back,
// with an Entry in rax and every other register but rsp undefined, at the next trap.
extern "C" void chitin_enter_call();
extern "C" void chitin_enter_full();
extern "C" void chitin_syscall_entry();
extern "C" const char chitin_trap_stubs[];

namespace kernel::bare {

inline constexpr std::uint32_t trap_stub_size = 5;

// The vector whose stub lies before `place`.
inline std::uint32_t trap_vector(std::uint64_t place) {
    const auto begin = reinterpret_cast<std::uint64_t>(chitin_trap_stubs);
    return (static_cast<std::uint32_t>(place - begin)) / trap_stub_size - 1;
}

}  // namespace kernel::bare

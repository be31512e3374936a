// Upcalls: how the kernel enters an environment that did not ask.
//
// The libOS registers one page of its own memory (Call::env_vector). To deliver an upcall the
// kernel saves the interrupted registers into `saved`, fills in `kind`..`error`, sets
// `masked`, and starts `handler` on `stack_top` with rdi = `cookie`, rsi = this page's
// address. Floating-point registers are untouched: the libOS saves them in `floating_point`
// if it uses any. The libOS goes back by itself: restore, clear `masked`, look at `pending`,
// then iretq in user mode from `saved`; the kernel is not involved.
//
// Decision: kernel/design/0005-upcalls.md.
//
// Invariants:
// - While `masked` is not zero no upcall is delivered: an asynchronous one sets its bit in
//   `pending`, which the libOS must look at after clearing `masked`; none is lost.
// - A synchronous one (page fault, exception) while masked ends the environment: there is
//   nowhere to save its state.
// - While rip lies in [resume_begin, resume_end) with `masked` zero the libOS is on its way
//   back; the kernel then finishes that for it, as if iretq had just completed, before it
//   delivers (no saved state is overwritten). The range must only touch general registers.
// - slice_begin and slice_end are told only to an environment whose `wants` has their bit, and
//   only of slices that are bound to it.
// - The page is the libOS's: everything in it is an allegation to the kernel.
#pragma once

#include "kernel/abi/call.hpp"
#include "kernel/abi/types.hpp"

namespace kernel::abi {

enum class Upcall : std::uint32_t {
    page_fault = 0,  // address: where, error: as the hardware's error code
    exception,       // error: the vector (6 illegal instruction, 0 divide, ...) | code << 32
    revocation,      // address: frames wanted, error: deadline
    repossession,    // frames were taken: see the repossession vector
    child_ended,     // address: EnvId, error: exit code (as a 32-bit number)
    revocation_done, // address: frames repossessed | never met << 32, error: EnvId bound
    slice_begin,     // address: the position, error: the Instant its turn ends
    slice_end,       // address: the position, error: the Instant its grace ends
    upcall_count,
};

// The hardware's page-fault error code, [intel/vol3] 4.7.
inline constexpr std::uint64_t fault_present = 1;
inline constexpr std::uint64_t fault_write = 2;
inline constexpr std::uint64_t fault_user = 4;
inline constexpr std::uint64_t fault_fetch = 16;

// General registers as saved at an interruption. The last five are in the order of an iretq
// frame ([intel/vol3] 6.14.2), so that a libOS can resume with rsp pointing at `rip`.
struct SavedState {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rip, cs, rflags, rsp, ss;
};

// One frame that was taken: which slot named it, its name, and where it was mapped.
struct Repossessed {
    Slot slot;
    FrameNumber frame;
    VirtAddr address;  // 0: it was not mapped
};

inline constexpr std::uint32_t repossessed_max = 48;
inline constexpr std::size_t floating_point_size = 2752;

struct alignas(64) UpcallPage {
    // Set by the libOS.
    std::uint32_t masked;
    std::uint32_t pending;       // bit (1 << Upcall); set by the kernel, cleared by the libOS
    std::uint64_t handler;
    std::uint64_t stack_top;     // 16-byte aligned; the handler starts as if called
    std::uint64_t cookie;
    std::uint64_t resume_begin;
    std::uint64_t resume_end;
    // Set by the kernel at delivery.
    std::uint32_t kind;          // Upcall
    std::uint32_t wants;         // set by the libOS: bits of slice_begin and slice_end
    std::uint64_t address;
    std::uint64_t error;
    SavedState saved;
    // The latest data of pending upcalls (valid while the bit is set, and at delivery).
    std::uint64_t revocation_frames;
    std::uint64_t revocation_deadline;
    std::uint64_t child;         // the child that ended last; others: see EnvInfo
    std::uint64_t child_code;
    std::uint64_t done_counts;
    std::uint64_t done_env;
    std::uint64_t slice_position;
    std::uint64_t slice_instant;
    // The words of the call, or reply, that transfer_wait or transfer_call came back with.
    std::uint64_t message[transfer_words];
    // The repossession vector: the libOS sets the count back to 0. If it overflows, the kernel
    // counts on: a count of over repossessed_max means "look through your whole table".
    std::uint32_t repossessed_count;
    // Set by the libOS while it must not be preempted; the slice's end is then put off by its
    // grace at most, and `wanted` (bit 1) set by the kernel: give way when done.
    std::uint32_t critical;
    Repossessed repossessed[repossessed_max];
    // The libOS's: room for xsave in the standard format ([intel/vol1] 13.4), x87..AVX-512.
    alignas(64) std::uint8_t floating_point[floating_point_size];
};

static_assert(sizeof(SavedState) == 20 * 8);
static_assert(sizeof(Repossessed) == 16);
static_assert(sizeof(UpcallPage) <= page_size);
static_assert(offsetof(UpcallPage, saved) == 72);
static_assert(offsetof(UpcallPage, floating_point) % 64 == 0);

}  // namespace kernel::abi

#pragma once

/// The compiler: x86-64 code for a verified program.
///
/// eBPF's registers live in hardware registers throughout, so that a helper's arguments are where
/// the calling convention wants them:
///
///     r0   r1   r2   r3   r4   r5   r6   r7   r8   r9   r10     its own
///     rax  rsi  rdx  rcx  r8   r9   rbx  r13  r14  r15  rbp     rdi r10 r11
///
/// Nothing is checked at run time: that is what verification was for. The code works wherever it
/// lies; helpers are called at the addresses they have when it is compiled. Who gives the memory
/// sees to it that it is never writable and executable at once: written here first, then made
/// executable.

#include "kernel/code/contract.hpp"

namespace kernel::code::jit {

/// The code, called with r1..r5 and the end of the stack (Verdict::frames_max frames of it,
/// aligned to 8); returns r0. System V's calling convention; besides the eBPF stack it uses at
/// most 64 bytes of the caller's stack and 48 for each frame, and what helpers use.
using Entry = std::uint64_t (*)(const Arguments* arguments, std::byte* stack_end);

struct Compiled {
    CodeFault fault;          ///< no_room, unknown_helper
    std::uint32_t bytes = 0;  ///< of output, from its beginning, which is the entry
};

/// Output that suffices for any program of `instructions`.
[[nodiscard]] constexpr std::size_t output_bytes_max(std::size_t instructions) {
    return 64 + 80 * instructions;
}

/// `offsets`: working memory, one for each instruction, of no use afterwards.
[[nodiscard]] Compiled compile(Program program, std::span<const Helper> helpers,
                               std::span<std::uint32_t> offsets, std::span<std::byte> output);

}  // namespace kernel::code::jit

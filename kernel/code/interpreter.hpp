#pragma once

/// The interpreter: runs a program where no compiled code is wanted, and checks one where nothing
/// was proven. It is also what the compiler and the verifier are tested against.
///
/// interpret() trusts: the program was verified for a contract that these windows meet.
/// interpret_checked() trusts nothing but form(): each access is looked up, each step counted.

#include "kernel/code/contract.hpp"

namespace kernel::code {

struct Run {
    Arguments arguments{};
    std::span<std::byte> stack;  ///< a multiple of frame_bytes, aligned to 8; Verdict says how many
    std::span<const Helper> helpers;
};

/// What a checked run came to: r0 where the fault's reason is none.
struct Outcome {
    CodeFault fault;
    std::uint64_t result = 0;
    std::uint64_t steps = 0;  ///< instructions executed
};

/// r0 of a verified program.
[[nodiscard]] std::uint64_t interpret(Program program, const Run& run);

/// Stops with a fault before any access outside the windows and the active stack frames, before a
/// store into a window that is not writable, and after `steps_max` instructions.
[[nodiscard]] Outcome interpret_checked(Program program, const Run& run,
                                        std::span<const Window> windows,
                                        std::uint64_t steps_max);

}  // namespace kernel::code

// Download: a program's way into the kernel.
//
// The kernel wants frames that follow one another by name, because it works in them as in one piece
// of memory. Which are free is there to see, so they are asked for by name.
#pragma once

#include <span>

#include "kernel/abi/code.hpp"
#include "libos/code/instruction.hpp"
#include "libos/rt/environment.hpp"

namespace libos::code {

using kernel::abi::CodeFault;
using kernel::abi::CodeKind;
using rt::Result;
using rt::Slot;

// `slots`: filled with frames of the environment's own account that follow one another by name.
// Errors: no_frames (none do), over_limit; nothing is kept then.
Result<void> take_frames_in_a_row(rt::Environment& env, std::span<Slot> slots);

// With this many frames most programs of code_units_max are verified fast.
inline constexpr std::uint32_t frames_default = 16;

// Where the program was refused its first error is code_refused, and `fault` says where and why.
struct Downloaded {
    Result<Slot> code;  // the code's capability
    CodeFault fault{};
};

// Loads the program and has it verified, in `frames` 1..code_frames_max frames. Errors: as
// take_frames_in_a_row, code_load, code_verify; nothing is kept then.
Downloaded download(rt::Environment& env, std::span<const Instruction> program, CodeKind kind,
                    std::uint32_t frames = frames_default);

}  // namespace libos::code

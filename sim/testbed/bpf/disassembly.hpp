#pragma once

/// Disassembly: instructions as people read them, in the assembly language of the Linux kernel's
/// documentation and LLVM: `r1 += 5`, `w0 = *(u8 *)(r1 + 12)`, `if r2 < 38 goto +12 <15>`.

#include <string>

#include "kernel/code/instruction.hpp"

namespace sim::testbed::bpf {

/// One instruction, without its number; a 64-bit immediate load needs the unit behind it. What is
/// no instruction is shown by its bytes.
[[nodiscard]] std::string text_of(kernel::code::Program units, std::uint32_t at);

/// All of it: a line an instruction, with number and bytes.
[[nodiscard]] std::string listing(kernel::code::Program units);

}  // namespace sim::testbed::bpf

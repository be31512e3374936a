#pragma once

/// ElfObject: what `clang -target bpf -c` writes, as one program.
///
/// A program is the section chosen, followed by the code sections that it calls into (clang puts
/// static functions into .text). Calls between sections are relocated; references to maps or
/// other data are refused by name. Formats: System V ABI, object files (ELF-64); relocations:
/// Linux, Documentation/bpf/llvm_reloc.rst.

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "kernel/code/instruction.hpp"

namespace sim::testbed::bpf {

/// Which code of an object file: empty means the only one there is.
struct ElfChoice {
    std::string section;
    std::string function;  ///< where the program begins; must be in that section
};

[[nodiscard]] bool is_elf(std::span<const std::byte> file);

/// Error: one sentence.
[[nodiscard]] std::expected<std::vector<kernel::code::Instruction>, std::string> program_of_elf(
    std::span<const std::byte> file, const ElfChoice& choice);

}  // namespace sim::testbed::bpf

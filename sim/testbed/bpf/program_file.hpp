#pragma once

/// Program files: an ELF object of `clang -target bpf`, hexadecimal text, or the instructions'
/// bytes themselves. Which one, the content says: ELF's first four bytes; nothing but hexadecimal
/// digits and white space; anything else.

#include "sim/testbed/bpf/elf_object.hpp"

namespace sim::testbed::bpf {

/// Reads all of `path`, or of standard input where it is "-". Error: one sentence that names the
/// file and what was expected.
[[nodiscard]] std::expected<std::vector<kernel::code::Instruction>, std::string> read_program(
    const std::string& path, const ElfChoice& choice);

}  // namespace sim::testbed::bpf

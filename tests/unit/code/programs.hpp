#pragma once

/// Programs for the tests of downloaded code: written as hex, or instruction by instruction; and
/// the files of the public conformance suite. Those are not part of the repository: they are
/// looked for in $CHITIN_DATA and in ../shared/data beside it; without them their tests are
/// skipped.

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/code/instruction.hpp"

namespace tests::code {

using kernel::code::Instruction;
using Code = std::vector<Instruction>;

std::filesystem::path data_path(const char* name);

/// "-" and "" are no bytes. Anything that is not hex fails the test.
std::vector<std::byte> bytes_of(std::string_view hex);
Code code_of(std::string_view hex);
std::vector<std::string> fields_of(const std::string& line, char separator);

/// One line of vectors.tsv.
struct Vector {
    std::string name;
    bool uses_register_call = false;
    std::vector<std::byte> memory;
    Code code;
    std::uint64_t result = 0;
};
std::vector<Vector> conformance_vectors();

/// Instructions by hand.
constexpr Instruction make(std::uint8_t opcode, unsigned dst, unsigned src, std::int16_t offset,
                           std::int32_t imm) {
    return {opcode, static_cast<std::uint8_t>(dst | src << 4), offset, imm};
}
constexpr Instruction mov(unsigned dst, std::int32_t imm) { return make(0xb7, dst, 0, 0, imm); }
constexpr Instruction copy(unsigned dst, unsigned src) { return make(0xbf, dst, src, 0, 0); }
constexpr Instruction add(unsigned dst, std::int32_t imm) { return make(0x07, dst, 0, 0, imm); }
constexpr Instruction add_register(unsigned dst, unsigned src) {
    return make(0x0f, dst, src, 0, 0);
}
constexpr Instruction load(std::uint8_t opcode, unsigned dst, unsigned src, std::int16_t offset) {
    return make(opcode, dst, src, offset, 0);
}
constexpr Instruction load_byte(unsigned dst, unsigned src, std::int16_t offset) {
    return load(0x71, dst, src, offset);
}
constexpr Instruction load_word(unsigned dst, unsigned src, std::int16_t offset) {
    return load(0x79, dst, src, offset);
}
constexpr Instruction store_byte(unsigned dst, std::int16_t offset, unsigned src) {
    return make(0x73, dst, src, offset, 0);
}
constexpr Instruction store_word(unsigned dst, std::int16_t offset, unsigned src) {
    return make(0x7b, dst, src, offset, 0);
}
constexpr Instruction jump(std::int16_t offset) { return make(0x05, 0, 0, offset, 0); }
/// `opcode`: a conditional jump against the immediate.
constexpr Instruction jump_if(std::uint8_t opcode, unsigned dst, std::int32_t imm,
                              std::int16_t offset) {
    return make(opcode, dst, 0, offset, imm);
}
constexpr Instruction call(std::int32_t helper) { return make(0x85, 0, 0, 0, helper); }
constexpr Instruction call_local(std::int32_t distance) { return make(0x85, 0, 1, 0, distance); }
constexpr Instruction leave() { return make(0x95, 0, 0, 0, 0); }

}  // namespace tests::code

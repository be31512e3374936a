#pragma once

/// Instruction: one 8-byte unit of an eBPF program, as its bytes lie in memory.
///
///     byte  0        1            2 3      4 5 6 7
///          +--------+-----+-----+--------+----------------+
///          | opcode | src | dst | offset |      imm       |   little-endian
///          +--------+-----+-----+--------+----------------+
///     opcode:  operation(4) source(1) class(3)    arithmetic, jumps
///              mode(3)      size(2)   class(3)    loads, stores
///
/// Names and numbers: RFC 9669 section 3 (encoding), 4 (arithmetic, jumps), 5 (loads, stores).
/// A 64-bit immediate load takes two units; every other instruction takes one.

#include <cstdint>
#include <span>

#include "kernel/abi/code.hpp"

namespace kernel::code {

using abi::CodeFault;
using abi::CodeReason;

struct Instruction {
    std::uint8_t opcode;
    std::uint8_t registers;
    std::int16_t offset;
    std::int32_t imm;

    [[nodiscard]] constexpr unsigned dst() const { return registers & 0xfu; }
    [[nodiscard]] constexpr unsigned src() const { return registers >> 4; }
    /// The immediate as 64-bit operations see it.
    [[nodiscard]] constexpr std::uint64_t imm64() const {
        return static_cast<std::uint64_t>(std::int64_t{imm});
    }
};
static_assert(sizeof(Instruction) == 8);

/// Whose units form() has passed, where nothing else is said.
using Program = std::span<const Instruction>;

inline constexpr std::uint32_t instructions_max = 4096;
inline constexpr unsigned register_count = 11;
inline constexpr unsigned frame_pointer = 10;
inline constexpr std::uint32_t frame_bytes = 512;  ///< of stack, for each active function
inline constexpr unsigned frames_max = 8;          ///< active functions, the program included

/// RFC 9669 3.2: instruction classes.
enum class Class : std::uint8_t { ld, ldx, st, stx, alu, jmp, jmp32, alu64 };
constexpr Class class_of(std::uint8_t opcode) { return static_cast<Class>(opcode & 7); }
constexpr bool source_is_register(std::uint8_t opcode) { return (opcode & 8) != 0; }

/// RFC 9669 4.1 and 4.2.
enum class Alu : std::uint8_t {
    add, sub, mul, div, bit_or, bit_and, lsh, rsh, neg, mod, bit_xor, mov, arsh, end, count
};
constexpr Alu alu_of(std::uint8_t opcode) { return static_cast<Alu>(opcode >> 4); }

/// RFC 9669 4.3.
enum class Jump : std::uint8_t {
    always, eq, gt, ge, set, ne, sgt, sge, call, exit, lt, le, slt, sle, count
};
constexpr Jump jump_of(std::uint8_t opcode) { return static_cast<Jump>(opcode >> 4); }

/// RFC 9669 5: the mode bits of loads and stores.
enum class Mode : std::uint8_t { imm, abs, ind, mem, memsx, unused_5, atomic, unused_7 };
constexpr Mode mode_of(std::uint8_t opcode) { return static_cast<Mode>(opcode >> 5); }

/// Bytes that a load or store moves: 1, 2, 4 or 8.
constexpr unsigned size_of(std::uint8_t opcode) {
    constexpr std::uint8_t sizes[] = {4, 2, 1, 8};
    return sizes[(opcode >> 3) & 3];
}

inline constexpr std::uint8_t opcode_wide_load = 0x18;
inline constexpr std::uint8_t opcode_call = 0x85;
inline constexpr std::uint8_t opcode_exit = 0x95;

/// RFC 9669 4.3.1: the source field of a call.
enum class Call : std::uint8_t { helper, local, kernel_function };

/// RFC 9669 5.3: the immediate of an atomic operation.
inline constexpr std::int32_t atomic_fetch = 0x01;
inline constexpr std::int32_t atomic_add = 0x00;
inline constexpr std::int32_t atomic_or = 0x40;
inline constexpr std::int32_t atomic_and = 0x50;
inline constexpr std::int32_t atomic_xor = 0xa0;
inline constexpr std::int32_t atomic_exchange = 0xe1;
inline constexpr std::int32_t atomic_compare_exchange = 0xf1;

constexpr bool wide_load(const Instruction& i) { return i.opcode == opcode_wide_load; }
constexpr bool jump_class(const Instruction& i) {
    return class_of(i.opcode) == Class::jmp || class_of(i.opcode) == Class::jmp32;
}
constexpr bool calls_local(const Instruction& i) {
    return i.opcode == opcode_call && i.src() == static_cast<unsigned>(Call::local);
}
constexpr bool always_jumps(const Instruction& i) {
    return jump_class(i) && jump_of(i.opcode) == Jump::always;
}
constexpr bool exits(const Instruction& i) { return i.opcode == opcode_exit; }
/// Jumps where a condition holds.
constexpr bool branches(const Instruction& i) {
    return jump_class(i) && !always_jumps(i) && !exits(i) && i.opcode != opcode_call;
}

/// Units from the one behind the instruction to where it jumps or calls.
constexpr std::int32_t distance(const Instruction& i) {
    const bool by_imm = calls_local(i) || (class_of(i.opcode) == Class::jmp32 && always_jumps(i));
    return by_imm ? i.imm : i.offset;
}
/// The unit that the instruction at `at` jumps to or calls; form() has seen that it exists.
constexpr std::uint32_t target_of(const Instruction& i, std::uint32_t at) {
    return at + 1 + static_cast<std::uint32_t>(distance(i));
}

/// Whether every unit is well-formed: known opcodes and registers, unused fields zero, jumps to
/// instructions of this program, an end that is not run over. Says nothing about what it does.
/// Everything else in this folder expects a program that has passed. Reason none: it has.
[[nodiscard]] CodeFault form(std::span<const Instruction> units);

}  // namespace kernel::code

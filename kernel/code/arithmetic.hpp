#pragma once

/// What eBPF's operations compute (RFC 9669 4.1 to 4.3), once for the interpreter and for the
/// verifier's constants.
///
/// Decided by the RFC: division by zero gives 0, modulo zero gives the dividend, shift counts are
/// masked, 32-bit results are zero-extended, the smallest number divided by -1 is itself.

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernel/code/instruction.hpp"

namespace kernel::code {

template <class Word>
constexpr Word divide(Word a, Word b, bool with_sign) {
    using Signed = std::make_signed_t<Word>;
    if (b == 0) return 0;
    if (!with_sign) return a / b;
    if (b == static_cast<Word>(-1)) return static_cast<Word>(Word{0} - a);
    return static_cast<Word>(static_cast<Signed>(a) / static_cast<Signed>(b));
}

template <class Word>
constexpr Word remainder(Word a, Word b, bool with_sign) {
    using Signed = std::make_signed_t<Word>;
    if (b == 0) return a;
    if (!with_sign) return a % b;
    if (b == static_cast<Word>(-1)) return 0;
    return static_cast<Word>(static_cast<Signed>(a) % static_cast<Signed>(b));
}

/// The lowest `bits` of `a`, sign-extended: `bits` is 8, 16 or 32; anything else keeps all.
constexpr std::uint64_t sign_extend(std::uint64_t a, int bits) {
    if (bits == 8) return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int8_t>(a)});
    if (bits == 16) return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int16_t>(a)});
    if (bits == 32) return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(a)});
    return a;
}

/// `a` operation `b` in words of 32 or 64 bits; `offset` is the instruction's.
template <class Word>
constexpr Word operate(Alu operation, Word a, Word b, std::int16_t offset) {
    using Signed = std::make_signed_t<Word>;
    constexpr Word shift_mask = std::numeric_limits<Word>::digits - 1;
    switch (operation) {
        case Alu::add: return a + b;
        case Alu::sub: return a - b;
        case Alu::mul: return a * b;
        case Alu::div: return divide(a, b, offset != 0);
        case Alu::bit_or: return a | b;
        case Alu::bit_and: return a & b;
        case Alu::lsh: return a << (b & shift_mask);
        case Alu::rsh: return a >> (b & shift_mask);
        case Alu::neg: return Word{0} - a;
        case Alu::mod: return remainder(a, b, offset != 0);
        case Alu::bit_xor: return a ^ b;
        case Alu::mov: return static_cast<Word>(sign_extend(b, offset));
        case Alu::arsh: return static_cast<Word>(static_cast<Signed>(a) >> (b & shift_mask));
        default: return a;
    }
}

/// RFC 9669 4.2: to little-endian keeps the lowest bits, to big-endian and bswap reverse them.
constexpr std::uint64_t swap_bytes(const Instruction& i, std::uint64_t a) {
    const bool reverse = class_of(i.opcode) == Class::alu64 || source_is_register(i.opcode);
    const auto unused = static_cast<unsigned>(64 - i.imm);
    return reverse ? std::byteswap(a) >> unused : a << unused >> unused;
}

/// What the arithmetic instruction `i` makes of its destination `a` and its operand `b`.
constexpr std::uint64_t computed(const Instruction& i, std::uint64_t a, std::uint64_t b) {
    const Alu operation = alu_of(i.opcode);
    if (operation == Alu::end) return swap_bytes(i, a);
    if (class_of(i.opcode) == Class::alu64) return operate(operation, a, b, i.offset);
    return operate(operation, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b),
                   i.offset);
}

template <class Word>
constexpr bool compare(Jump condition, Word a, Word b) {
    using Signed = std::make_signed_t<Word>;
    const auto signed_a = static_cast<Signed>(a);
    const auto signed_b = static_cast<Signed>(b);
    switch (condition) {
        case Jump::eq: return a == b;
        case Jump::gt: return a > b;
        case Jump::ge: return a >= b;
        case Jump::set: return (a & b) != 0;
        case Jump::ne: return a != b;
        case Jump::sgt: return signed_a > signed_b;
        case Jump::sge: return signed_a >= signed_b;
        case Jump::lt: return a < b;
        case Jump::le: return a <= b;
        case Jump::slt: return signed_a < signed_b;
        case Jump::sle: return signed_a <= signed_b;
        default: return false;
    }
}

/// Whether the branch `i` is taken.
constexpr bool holds(const Instruction& i, std::uint64_t a, std::uint64_t b) {
    if (class_of(i.opcode) == Class::jmp) return compare(jump_of(i.opcode), a, b);
    return compare(jump_of(i.opcode), static_cast<std::uint32_t>(a),
                   static_cast<std::uint32_t>(b));
}

/// What the 64-bit immediate load at `first` loads (RFC 9669 5.4).
constexpr std::uint64_t wide_immediate(const Instruction& first, const Instruction& second) {
    return static_cast<std::uint32_t>(first.imm) | std::uint64_t(std::uint32_t(second.imm)) << 32;
}

}  // namespace kernel::code

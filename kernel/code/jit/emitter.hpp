#pragma once

/// Emitter: writes x86-64 instructions into a span, or only counts their bytes where the span is
/// too short. [intel/vol2] chapter 2 (formats), appendix B (encodings).

#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel::code::jit {

/// The hardware's numbers of its general registers.
enum class Reg : std::uint8_t {
    rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
};

/// The condition codes of jcc.
enum class Condition : std::uint8_t {
    below = 0x2, above_equal = 0x3, equal = 0x4, not_equal = 0x5, below_equal = 0x6, above = 0x7,
    less = 0xc, greater_equal = 0xd, less_equal = 0xe, greater = 0xf
};

/// Arithmetic of the form "destination, source": as the digit of opcode 81, and so as opcode
/// 8 * digit + 1.
enum class Digit : std::uint8_t { add = 0, bit_or = 1, bit_and = 4, sub = 5, bit_xor = 6, cmp = 7 };

/// A place in memory: [base + displacement]; never rsp or r12, which are encoded otherwise.
struct Memory {
    Reg base;
    std::int32_t displacement;
};

class Emitter {
public:
    explicit Emitter(std::span<std::byte> output) : output_{output} {}

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool fits() const { return size_ <= output_.size(); }

    void byte(unsigned value) {
        if (size_ < output_.size()) output_[size_] = static_cast<std::byte>(value);
        ++size_;
    }
    void word(std::uint32_t value) {
        for (unsigned shift = 0; shift < 32; shift += 8) byte(value >> shift & 0xff);
    }

    // ---- registers: `wide` is 64 bits, else 32, which clear the upper half

    void registers(unsigned opcode, Reg reg, Reg rm, bool wide) {
        rex(reg, rm, wide, false);
        code(opcode);
        byte(0xc0u | low(reg) << 3 | low(rm));
    }
    void move(Reg to, Reg from, bool wide) { registers(0x89, from, to, wide); }
    void operate(Digit digit, Reg to, Reg from, bool wide) {
        registers(static_cast<unsigned>(digit) * 8 + 1, from, to, wide);
    }
    void operate(Digit digit, Reg to, std::int32_t imm, bool wide) {
        const bool small = imm == static_cast<std::int8_t>(imm);
        with_digit(small ? 0x83 : 0x81, static_cast<unsigned>(digit), to, wide);
        if (small) {
            byte(static_cast<std::uint8_t>(imm));
        } else {
            word(static_cast<std::uint32_t>(imm));
        }
    }
    /// Opcodes whose middle operand is a digit: F7, C1, D3, FF, ...
    void with_digit(unsigned opcode, unsigned digit, Reg rm, bool wide) {
        registers(opcode, static_cast<Reg>(digit), rm, wide);
    }
    /// The immediate, sign-extended where `wide`, else zero-extended.
    void constant(Reg to, std::int32_t imm, bool wide) {
        if (wide && imm < 0) {
            with_digit(0xc7, 0, to, true);
        } else {
            rex(Reg::rax, to, false, false);
            byte(0xb8u | low(to));
        }
        word(static_cast<std::uint32_t>(imm));
    }
    void constant(Reg to, std::uint64_t number) {
        rex(Reg::rax, to, true, false);
        byte(0xb8u | low(to));
        word(static_cast<std::uint32_t>(number));
        word(static_cast<std::uint32_t>(number >> 32));
    }
    /// movzx, movsx of the low byte: any register has one, given a REX prefix.
    void extend(unsigned opcode, Reg to, Reg from, bool wide, bool from_byte) {
        rex(to, from, wide, from_byte);
        code(opcode);
        byte(0xc0u | low(to) << 3 | low(from));
    }
    void swap(Reg reg, bool wide) {
        rex(Reg::rax, reg, wide, false);
        byte(0x0f);
        byte(0xc8u | low(reg));
    }
    void push(Reg reg) {
        rex(Reg::rax, reg, false, false);
        byte(0x50u | low(reg));
    }
    void pop(Reg reg) {
        rex(Reg::rax, reg, false, false);
        byte(0x58u | low(reg));
    }

    // ---- memory

    void access(unsigned opcode, Reg reg, Memory memory, bool wide, bool byte_register = false) {
        rex(reg, memory.base, wide, byte_register);
        code(opcode);
        const std::int32_t distance = memory.displacement;
        const bool small = distance == static_cast<std::int8_t>(distance);
        byte((small ? 0x40u : 0x80u) | low(reg) << 3 | low(memory.base));
        if (small) {
            byte(static_cast<std::uint8_t>(distance));
        } else {
            word(static_cast<std::uint32_t>(distance));
        }
    }

    // ---- jumps within one sequence: forwards, below 128 bytes

    [[nodiscard]] std::size_t jump_ahead(Condition condition) {
        byte(0x70u | static_cast<unsigned>(condition));
        byte(0);
        return size_;
    }
    [[nodiscard]] std::size_t jump_ahead() {
        byte(0xeb);
        byte(0);
        return size_;
    }
    /// What jump_ahead() returned `from` goes here.
    void land(std::size_t from) {
        if (from <= output_.size()) output_[from - 1] = static_cast<std::byte>(size_ - from);
    }

private:
    static unsigned low(Reg reg) { return static_cast<unsigned>(reg) & 7; }

    // Opcodes above FF are of the second page: 0F xx.
    void code(unsigned opcode) {
        if (opcode > 0xff) byte(0x0f);
        byte(opcode & 0xff);
    }
    void rex(Reg reg, Reg rm, bool wide, bool byte_register) {
        const unsigned bits = (wide ? 8u : 0u) | (reg >= Reg::r8 ? 4u : 0u) |
                              (rm >= Reg::r8 ? 1u : 0u);
        if (bits != 0 || byte_register) byte(0x40u | bits);
    }

    std::span<std::byte> output_;
    std::size_t size_ = 0;
};

}  // namespace kernel::code::jit

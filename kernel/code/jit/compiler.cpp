#include "kernel/code/jit/compiler.hpp"

#include "kernel/base/assert.hpp"
#include "kernel/code/arithmetic.hpp"
#include "kernel/code/jit/emitter.hpp"

namespace kernel::code::jit {

namespace {

// Rounds in which jumps may become shorter. Where they still change, all are left long, and the
// code is as it must be two rounds later.
constexpr unsigned rounds_max = 16;

constexpr Reg registers[register_count] = {Reg::rax, Reg::rsi, Reg::rdx, Reg::rcx,
                                           Reg::r8,  Reg::r9,  Reg::rbx, Reg::r13,
                                           Reg::r14, Reg::r15, Reg::rbp};
constexpr Reg kept[] = {Reg::rbx, Reg::r13, Reg::r14, Reg::r15, Reg::rbp};

class Translation {
public:
    Translation(Program program, std::span<const Helper> helpers,
                std::span<std::uint32_t> offsets, std::span<std::byte> output)
        : program_{program}, helpers_{helpers}, offsets_{offsets}, out_{output} {}

    // Writes all; offsets become those of this round. Jumps are as short as those of the round
    // before allow, or all long.
    [[nodiscard]] CodeFault run(bool all_long);
    [[nodiscard]] std::size_t size() const { return out_.size(); }
    [[nodiscard]] bool fits() const { return out_.fits(); }
    [[nodiscard]] bool changed() const { return changed_; }

private:
    static Reg dst(const Instruction& i) { return registers[i.dst()]; }
    static Reg src(const Instruction& i) { return registers[i.src()]; }

    void prologue();
    CodeReason instruction(const Instruction& i);
    void arithmetic(const Instruction& i);
    void plain(Digit digit, const Instruction& i, bool wide);
    void multiply(const Instruction& i, bool wide);
    void move(const Instruction& i, bool wide);
    void swap(const Instruction& i);
    void shift(unsigned digit, const Instruction& i, bool wide);
    void divide(const Instruction& i, bool wide);
    void load(const Instruction& i);
    void store(const Instruction& i);
    void atomic(const Instruction& i);
    void fetch(const Instruction& i, Digit digit, bool wide);
    void compare(const Instruction& i);
    CodeReason call_helper(const Instruction& i);
    void call_local(const Instruction& i);
    void jump(unsigned short_code, unsigned long_page, unsigned long_code, std::uint32_t to);
    void note(std::uint32_t at);

    Program program_;
    std::span<const Helper> helpers_;
    std::span<std::uint32_t> offsets_;
    Emitter out_;
    std::uint32_t at_ = 0;
    bool all_long_ = false;
    bool changed_ = false;
};

void Translation::note(std::uint32_t at) {
    const auto offset = static_cast<std::uint32_t>(out_.size());
    changed_ |= offsets_[at] != offset;
    offsets_[at] = offset;
}

CodeFault Translation::run(bool all_long) {
    all_long_ = all_long;
    prologue();
    for (std::uint32_t at = 0; at < program_.size(); ++at) {
        note(at);
        at_ = at;
        const Instruction& i = program_[at];
        if (wide_load(i)) {
            const std::uint64_t number = wide_immediate(i, program_[at + 1]);
            if (number <= 0xffff'ffff) {
                out_.constant(dst(i), static_cast<std::int32_t>(number), false);
            } else {
                out_.constant(dst(i), number);
            }
            note(++at);
            continue;
        }
        const CodeReason reason = instruction(i);
        if (reason != CodeReason::none) return {at, reason};
    }
    return {};
}

// Calls the program, whose every exit is a return. A program's frame is aligned to 16 bytes, so
// that helpers' are.
void Translation::prologue() {
    for (const Reg reg : kept) out_.push(reg);
    out_.operate(Digit::sub, Reg::rsp, 8, true);
    out_.move(Reg::rbp, Reg::rsi, true);
    for (unsigned argument = 0; argument < 5; ++argument) {
        const auto offset = static_cast<std::int32_t>(8 * argument);
        out_.access(0x8b, registers[1 + argument], {Reg::rdi, offset}, true);
    }
    out_.byte(0xe8);
    constexpr unsigned epilogue_bytes = 14;
    out_.word(epilogue_bytes);
    const std::size_t begin = out_.size();
    out_.operate(Digit::add, Reg::rsp, 8, true);
    for (unsigned i = std::size(kept); i-- > 0;) out_.pop(kept[i]);
    out_.byte(0xc3);
    // The stack end comes in rsi, which the program's r1 overwrites only after it was copied.
    CHITIN_ASSERT(out_.size() - begin <= epilogue_bytes);
    while (out_.size() - begin < epilogue_bytes) out_.byte(0x90);
}

CodeReason Translation::instruction(const Instruction& i) {
    switch (class_of(i.opcode)) {
        case Class::alu:
        case Class::alu64: arithmetic(i); break;
        case Class::ldx: load(i); break;
        case Class::st: store(i); break;
        case Class::stx:
            if (mode_of(i.opcode) == Mode::atomic) {
                atomic(i);
            } else {
                store(i);
            }
            break;
        default:
            if (exits(i)) {
                out_.byte(0xc3);
            } else if (always_jumps(i)) {
                if (distance(i) != 0) jump(0xeb, 0, 0xe9, target_of(i, at_));
            } else if (branches(i)) {
                compare(i);
            } else if (calls_local(i)) {
                call_local(i);
            } else {
                return call_helper(i);
            }
    }
    return CodeReason::none;
}

void Translation::arithmetic(const Instruction& i) {
    const bool wide = class_of(i.opcode) == Class::alu64;
    switch (alu_of(i.opcode)) {
        case Alu::add: return plain(Digit::add, i, wide);
        case Alu::sub: return plain(Digit::sub, i, wide);
        case Alu::bit_or: return plain(Digit::bit_or, i, wide);
        case Alu::bit_and: return plain(Digit::bit_and, i, wide);
        case Alu::bit_xor: return plain(Digit::bit_xor, i, wide);
        case Alu::mul: return multiply(i, wide);
        case Alu::div:
        case Alu::mod: return divide(i, wide);
        case Alu::lsh: return shift(4, i, wide);
        case Alu::rsh: return shift(5, i, wide);
        case Alu::arsh: return shift(7, i, wide);
        case Alu::neg: return out_.with_digit(0xf7, 3, dst(i), wide);
        case Alu::mov: return move(i, wide);
        default: return swap(i);
    }
}

void Translation::plain(Digit digit, const Instruction& i, bool wide) {
    if (source_is_register(i.opcode)) {
        out_.operate(digit, dst(i), src(i), wide);
    } else {
        out_.operate(digit, dst(i), i.imm, wide);
    }
}

void Translation::multiply(const Instruction& i, bool wide) {
    if (source_is_register(i.opcode)) {
        out_.registers(0x1af, dst(i), src(i), wide);
        return;
    }
    out_.registers(0x69, dst(i), dst(i), wide);
    out_.word(static_cast<std::uint32_t>(i.imm));
}

void Translation::move(const Instruction& i, bool wide) {
    if (!source_is_register(i.opcode)) {
        out_.constant(dst(i), i.imm, wide);
    } else if (i.offset == 8) {
        out_.extend(0x1be, dst(i), src(i), wide, true);
    } else if (i.offset == 16) {
        out_.extend(0x1bf, dst(i), src(i), wide, false);
    } else if (i.offset == 32) {
        out_.registers(0x63, dst(i), src(i), true);
    } else {
        out_.move(dst(i), src(i), wide);
    }
}

void Translation::swap(const Instruction& i) {
    const bool reverse = class_of(i.opcode) == Class::alu64 || source_is_register(i.opcode);
    if (i.imm != 16) {
        if (reverse) {
            out_.swap(dst(i), i.imm == 64);
        } else if (i.imm == 32) {
            out_.move(dst(i), dst(i), false);
        }
        return;
    }
    if (reverse) {
        out_.byte(0x66);
        out_.with_digit(0xc1, 1, dst(i), false);  // ror by 8
        out_.byte(8);
    }
    out_.extend(0x1b7, dst(i), dst(i), false, false);
}

// The hardware masks counts as eBPF does, but takes them in cl alone.
void Translation::shift(unsigned digit, const Instruction& i, bool wide) {
    if (!wide) out_.move(dst(i), dst(i), false);  // a count of 0 must clear the upper half too
    if (!source_is_register(i.opcode)) {
        out_.with_digit(0xc1, digit, dst(i), wide);
        out_.byte(static_cast<unsigned>(i.imm) & (wide ? 63 : 31));
        return;
    }
    if (dst(i) != Reg::rcx && src(i) == Reg::rcx) {
        out_.with_digit(0xd3, digit, dst(i), wide);
        return;
    }
    const bool shifts_rcx = dst(i) == Reg::rcx;
    out_.move(Reg::r11, Reg::rcx, true);
    if (src(i) != Reg::rcx) out_.move(Reg::rcx, src(i), true);
    out_.with_digit(0xd3, digit, shifts_rcx ? Reg::r11 : dst(i), wide);
    out_.move(Reg::rcx, Reg::r11, true);
}

// rax and rdx are the hardware's; r10 and rdi keep what they held, r11 is the divisor, and then
// the result. By zero and, with sign, by -1 the hardware would trap.
void Translation::divide(const Instruction& i, bool wide) {
    const bool quotient = alu_of(i.opcode) == Alu::div;
    const bool with_sign = i.offset != 0;
    const bool known = !source_is_register(i.opcode) && i.imm != 0 && i.imm != -1;
    if (source_is_register(i.opcode)) {
        out_.move(Reg::r11, src(i), wide);
    } else {
        out_.constant(Reg::r11, i.imm, wide);
    }
    out_.move(Reg::r10, Reg::rax, true);
    out_.move(Reg::rdi, Reg::rdx, true);
    out_.move(Reg::rax, dst(i), wide);
    std::size_t zero = 0;
    std::size_t minus_one = 0;
    if (!known) {
        out_.registers(0x85, Reg::r11, Reg::r11, wide);
        zero = out_.jump_ahead(Condition::equal);
    }
    if (!known && with_sign) {
        out_.operate(Digit::cmp, Reg::r11, -1, wide);
        minus_one = out_.jump_ahead(Condition::equal);
    }
    if (with_sign) {
        if (wide) out_.byte(0x48);
        out_.byte(0x99);  // cdq, cqo
    } else {
        out_.operate(Digit::bit_xor, Reg::rdx, Reg::rdx, false);
    }
    out_.with_digit(0xf7, with_sign ? 7 : 6, Reg::r11, wide);
    if (!known) {
        const std::size_t end = out_.jump_ahead();
        std::size_t end_of_minus_one = 0;
        if (with_sign) {
            out_.land(minus_one);
            out_.with_digit(0xf7, 3, Reg::rax, wide);
            out_.operate(Digit::bit_xor, Reg::rdx, Reg::rdx, false);
            end_of_minus_one = out_.jump_ahead();
        }
        out_.land(zero);
        out_.move(Reg::rdx, Reg::rax, wide);
        out_.operate(Digit::bit_xor, Reg::rax, Reg::rax, false);
        if (with_sign) out_.land(end_of_minus_one);
        out_.land(end);
    }
    out_.move(Reg::r11, quotient ? Reg::rax : Reg::rdx, wide);
    out_.move(Reg::rax, Reg::r10, true);
    out_.move(Reg::rdx, Reg::rdi, true);
    out_.move(dst(i), Reg::r11, true);
}

void Translation::load(const Instruction& i) {
    const Memory from{src(i), i.offset};
    const bool extends = mode_of(i.opcode) == Mode::memsx;
    switch (size_of(i.opcode)) {
        case 1: return out_.access(extends ? 0x1be : 0x1b6, dst(i), from, extends);
        case 2: return out_.access(extends ? 0x1bf : 0x1b7, dst(i), from, extends);
        case 4: return out_.access(extends ? 0x63 : 0x8b, dst(i), from, extends);
        default: return out_.access(0x8b, dst(i), from, true);
    }
}

void Translation::store(const Instruction& i) {
    const Memory to{dst(i), i.offset};
    const unsigned bytes = size_of(i.opcode);
    if (bytes == 2) out_.byte(0x66);
    if (class_of(i.opcode) == Class::stx) {
        return out_.access(bytes == 1 ? 0x88 : 0x89, src(i), to, bytes == 8, bytes == 1);
    }
    out_.access(bytes == 1 ? 0xc6 : 0xc7, Reg::rax, to, bytes == 8);
    const auto imm = static_cast<std::uint32_t>(i.imm);
    if (bytes >= 4) return out_.word(imm);
    for (unsigned shift = 0; shift < 8 * bytes; shift += 8) out_.byte(imm >> shift & 0xff);
}

void Translation::atomic(const Instruction& i) {
    constexpr unsigned lock = 0xf0;
    const Memory memory{dst(i), i.offset};
    const bool wide = size_of(i.opcode) == 8;
    const auto in_place = [&](unsigned opcode) {
        out_.byte(lock);
        out_.access(opcode, src(i), memory, wide);
    };
    switch (i.imm) {
        case atomic_add: return in_place(0x01);
        case atomic_or: return in_place(0x09);
        case atomic_and: return in_place(0x21);
        case atomic_xor: return in_place(0x31);
        case atomic_add | atomic_fetch: return in_place(0x1c1);  // xadd
        case atomic_exchange: return out_.access(0x87, src(i), memory, wide);
        case atomic_or | atomic_fetch: return fetch(i, Digit::bit_or, wide);
        case atomic_and | atomic_fetch: return fetch(i, Digit::bit_and, wide);
        case atomic_xor | atomic_fetch: return fetch(i, Digit::bit_xor, wide);
        default:
            in_place(0x1b1);  // cmpxchg, with r0 as its rax
            if (!wide) out_.move(Reg::rax, Reg::rax, false);
    }
}

// A loop of cmpxchg: r10 is the operand, r11 keeps rax (and is the base where that was), rdi is
// the new value.
void Translation::fetch(const Instruction& i, Digit digit, bool wide) {
    const Memory memory{dst(i) == Reg::rax ? Reg::r11 : dst(i), i.offset};
    out_.move(Reg::r10, src(i), true);
    out_.move(Reg::r11, Reg::rax, true);
    out_.access(0x8b, Reg::rax, memory, wide);
    const std::size_t begin = out_.size();
    out_.move(Reg::rdi, Reg::rax, wide);
    out_.operate(digit, Reg::rdi, Reg::r10, wide);
    out_.byte(0xf0);
    out_.access(0x1b1, Reg::rdi, memory, wide);
    out_.byte(0x70u | static_cast<unsigned>(Condition::not_equal));
    out_.byte(static_cast<std::uint8_t>(begin - out_.size() - 1));
    if (src(i) == Reg::rax) return;
    out_.move(src(i), Reg::rax, wide);
    out_.move(Reg::rax, Reg::r11, true);
}

Condition condition_of(Jump jump) {
    switch (jump) {
        case Jump::eq: return Condition::equal;
        case Jump::gt: return Condition::above;
        case Jump::ge: return Condition::above_equal;
        case Jump::sgt: return Condition::greater;
        case Jump::sge: return Condition::greater_equal;
        case Jump::lt: return Condition::below;
        case Jump::le: return Condition::below_equal;
        case Jump::slt: return Condition::less;
        case Jump::sle: return Condition::less_equal;
        default: return Condition::not_equal;  // ne, and set after a test
    }
}

void Translation::compare(const Instruction& i) {
    const bool wide = class_of(i.opcode) == Class::jmp;
    const bool tests = jump_of(i.opcode) == Jump::set;
    if (source_is_register(i.opcode)) {
        out_.registers(tests ? 0x85 : 0x39, src(i), dst(i), wide);
    } else if (tests) {
        out_.with_digit(0xf7, 0, dst(i), wide);
        out_.word(static_cast<std::uint32_t>(i.imm));
    } else if (i.imm == 0) {
        out_.registers(0x85, dst(i), dst(i), wide);  // against 0 the flags are those of cmp
    } else {
        out_.operate(Digit::cmp, dst(i), i.imm, wide);
    }
    const auto code = static_cast<unsigned>(condition_of(jump_of(i.opcode)));
    jump(0x70 | code, 0x0f, 0x80 | code, target_of(i, at_));
}

// Forward targets still have the offsets of the round before, which are no smaller: by the bytes
// that became less meanwhile the distance is overestimated, never under.
void Translation::jump(unsigned short_code, unsigned long_page, unsigned long_code,
                       std::uint32_t to) {
    const auto from = static_cast<std::int64_t>(
        to > at_ ? offsets_[at_ + 1] : out_.size() + 2);
    const std::int64_t estimate = std::int64_t{offsets_[to]} - from;
    const bool near = !all_long_ && estimate >= -128 && estimate <= 127;
    out_.byte(near ? short_code : long_page != 0 ? long_page : long_code);
    if (!near && long_page != 0) out_.byte(long_code);
    const std::size_t end = out_.size() + (near ? 1 : 4);
    const auto distance = static_cast<std::uint32_t>(offsets_[to] - end);
    if (near) {
        out_.byte(distance & 0xff);
    } else {
        out_.word(distance);
    }
}

CodeReason Translation::call_helper(const Instruction& i) {
    const Helper* const helper = find_helper(helpers_, i.imm);
    if (helper == nullptr) return CodeReason::unknown_helper;
    out_.constant(Reg::rdi, reinterpret_cast<std::uintptr_t>(helper->context));
    out_.constant(Reg::rax, reinterpret_cast<std::uintptr_t>(helper->function));
    out_.with_digit(0xff, 2, Reg::rax, false);
    return CodeReason::none;
}

void Translation::call_local(const Instruction& i) {
    for (const Reg reg : kept) out_.push(reg);
    out_.operate(Digit::sub, Reg::rbp, static_cast<std::int32_t>(frame_bytes), true);
    out_.byte(0xe8);
    out_.word(static_cast<std::uint32_t>(offsets_[target_of(i, at_)] - (out_.size() + 4)));
    for (unsigned k = std::size(kept); k-- > 0;) out_.pop(kept[k]);
}

}  // namespace

Compiled compile(Program program, std::span<const Helper> helpers,
                 std::span<std::uint32_t> offsets, std::span<std::byte> output) {
    CHITIN_ASSERT(offsets.size() >= program.size());
    for (std::uint32_t& offset : offsets) offset = 0;
    for (unsigned round = 0;; ++round) {
        CHITIN_ASSERT(round <= rounds_max + 2);
        Translation translation{program, helpers, offsets, output};
        const CodeFault fault = translation.run(round == 0 || round > rounds_max);
        if (fault.reason != CodeReason::none) return {fault, 0};
        if (translation.changed()) continue;
        const auto last = static_cast<std::uint32_t>(program.size() - 1);
        if (!translation.fits()) return {{last, CodeReason::no_room}, 0};
        return {{}, static_cast<std::uint32_t>(translation.size())};
    }
}

}  // namespace kernel::code::jit

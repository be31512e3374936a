#include "sim/testbed/bpf/disassembly.hpp"

#include <fmt/format.h>

#include "kernel/code/arithmetic.hpp"
#include "sim/testbed/bpf/hex.hpp"

namespace sim::testbed::bpf {

namespace {

using namespace kernel::code;

std::string reg(unsigned number, bool wide = true) {
    return fmt::format("{}{}", wide ? 'r' : 'w', number);
}

std::string operand(const Instruction& i, bool wide) {
    return source_is_register(i.opcode) ? reg(i.src(), wide) : fmt::format("{}", i.imm);
}

// Assigning operators, in the order of Alu.
constexpr const char* operators[] = {"+=", "-=", "*=", "/=",  "|=", "&=",  "<<=",
                                     ">>=", "",  "%=", "^=", "=",  "s>>="};
// Comparisons, in the order of Jump.
constexpr const char* comparisons[] = {"",   "==", ">", ">=", "&",  "!=", "s>",
                                       "s>=", "",  "",  "<",  "<=", "s<", "s<="};

std::string arithmetic(const Instruction& i) {
    const bool wide = class_of(i.opcode) == Class::alu64;
    const std::string dst = reg(i.dst(), wide);
    const Alu operation = alu_of(i.opcode);
    if (operation == Alu::neg) return fmt::format("{} = -{}", dst, dst);
    if (operation == Alu::end) {
        const char* const order = wide ? "bswap" : source_is_register(i.opcode) ? "be" : "le";
        return fmt::format("r{} = {}{} r{}", i.dst(), order, i.imm, i.dst());
    }
    const std::string with = operand(i, wide);
    if (operation == Alu::mov && i.offset != 0) {
        return fmt::format("{} = (s{}){}", dst, i.offset, with);
    }
    const bool with_sign = i.offset != 0;
    return fmt::format("{} {}{} {}", dst, with_sign ? "s" : "",
                       operators[static_cast<unsigned>(operation)], with);
}

std::string place(unsigned base, std::int16_t offset) {
    return fmt::format("({} {} {})", reg(base), offset < 0 ? '-' : '+', std::abs(int{offset}));
}
std::string word(const Instruction& i, bool with_sign = false) {
    return fmt::format("({}{} *)", with_sign ? 's' : 'u', 8 * size_of(i.opcode));
}

std::string atomic(const Instruction& i) {
    const bool wide = size_of(i.opcode) == 8;
    const std::string src = reg(i.src(), wide);
    const std::string where = word(i) + place(i.dst(), i.offset);
    if (i.imm == atomic_exchange) {
        return fmt::format("{} = xchg{}{}, {})", src, wide ? "_64(" : "32_32(",
                           place(i.dst(), i.offset), src);
    }
    if (i.imm == atomic_compare_exchange) {
        const std::string result = reg(0, wide);
        return fmt::format("{} = cmpxchg{}{}, {}, {})", result, wide ? "_64(" : "32_32(",
                           place(i.dst(), i.offset), result, src);
    }
    struct Named {
        std::int32_t operation;
        const char* sign;
        const char* name;
    };
    constexpr Named names[] = {{atomic_add, "+=", "add"},
                               {atomic_or, "|=", "or"},
                               {atomic_and, "&=", "and"},
                               {atomic_xor, "^=", "xor"}};
    for (const Named& one : names) {
        if ((i.imm & ~atomic_fetch) != one.operation) continue;
        if ((i.imm & atomic_fetch) == 0) return fmt::format("lock *{} {} {}", where, one.sign, src);
        return fmt::format("{} = atomic_fetch_{}({}, {})", src, one.name, where, src);
    }
    return {};
}

std::string target(const Instruction& i, std::uint32_t at) {
    return fmt::format("{:+d} <{}>", distance(i), std::int64_t{at} + 1 + distance(i));
}

std::string jump(const Instruction& i, std::uint32_t at) {
    const bool wide = class_of(i.opcode) == Class::jmp;
    if (exits(i)) return "exit";
    if (calls_local(i)) return "call pc" + target(i, at);
    if (i.opcode == opcode_call) return fmt::format("call {}", i.imm);
    if (always_jumps(i)) return (wide ? "goto " : "gotol ") + target(i, at);
    return fmt::format("if {} {} {} goto {}", reg(i.dst(), wide),
                       comparisons[static_cast<unsigned>(jump_of(i.opcode))], operand(i, wide),
                       target(i, at));
}

std::string memory(const Instruction& i) {
    switch (class_of(i.opcode)) {
        case Class::ldx:
            return fmt::format("{} = *{}{}", reg(i.dst()),
                               word(i, mode_of(i.opcode) == Mode::memsx),
                               place(i.src(), i.offset));
        case Class::st:
            return fmt::format("*{}{} = {}", word(i), place(i.dst(), i.offset), i.imm);
        default:
            if (mode_of(i.opcode) == Mode::atomic) return atomic(i);
            return fmt::format("*{}{} = {}", word(i), place(i.dst(), i.offset), reg(i.src()));
    }
}

// What is wrong with the unit alone; jumps may lead anywhere.
CodeReason reason_at(Program units, std::uint32_t at) {
    std::vector<Instruction> alone{units[at]};
    if (wide_load(units[at])) {
        if (at + 1 == units.size()) return CodeReason::half_wide_load;
        alone.push_back(units[at + 1]);
    }
    alone.push_back({opcode_exit, 0, 0, 0});
    const CodeReason reason = form(alone).reason;
    const bool jumps = reason == CodeReason::jump_outside ||
                       reason == CodeReason::jump_into_wide_load;
    return jumps ? CodeReason::none : reason;
}

// eBPF that the kernel does not take, and what is no eBPF.
std::string refused(const Instruction& i, CodeReason reason) {
    switch (reason) {
        case CodeReason::register_call: return "callx " + reg(i.dst());
        case CodeReason::kernel_function_call: return fmt::format("call btf {}", i.imm);
        case CodeReason::map_reference:
            return fmt::format("{} = map {} {}", reg(i.dst()), i.src(), i.imm);
        case CodeReason::legacy_packet: {
            const bool indirect = mode_of(i.opcode) == Mode::ind;
            return fmt::format("r0 = *{}skb[{}{}]", word(i),
                               indirect ? reg(i.src()) + " + " : std::string{}, i.imm);
        }
        default: return "?? " + hex_of(std::as_bytes(std::span{&i, 1}));
    }
}

}  // namespace

std::string text_of(Program units, std::uint32_t at) {
    const Instruction& i = units[at];
    const CodeReason reason = reason_at(units, at);
    if (reason != CodeReason::none) return refused(i, reason);
    switch (class_of(i.opcode)) {
        case Class::ld:
            return fmt::format("{} = {:#x} ll", reg(i.dst()), wide_immediate(i, units[at + 1]));
        case Class::alu:
        case Class::alu64: return arithmetic(i);
        case Class::jmp:
        case Class::jmp32: return jump(i, at);
        default: return memory(i);
    }
}

std::string listing(Program units) {
    std::string text;
    for (std::uint32_t at = 0; at < units.size(); ++at) {
        const CodeReason reason = reason_at(units, at);
        const bool two = wide_load(units[at]) && (reason == CodeReason::none ||
                                                  reason == CodeReason::map_reference);
        const auto bytes = std::as_bytes(units.subspan(at, 1));
        text += fmt::format("{:4}: {}  {}\n", at, hex_of(bytes), text_of(units, at));
        if (two) {
            ++at;
            text += fmt::format("{:4}: {}\n", at, hex_of(std::as_bytes(units.subspan(at, 1))));
        }
    }
    return text;
}

}  // namespace sim::testbed::bpf

#include "kernel/code/instruction.hpp"

namespace kernel::code {

namespace {

CodeReason swap_form(const Instruction& i) {
    if (class_of(i.opcode) == Class::alu64 && source_is_register(i.opcode)) {
        return CodeReason::unknown_opcode;
    }
    if (i.src() != 0 || i.offset != 0) return CodeReason::unused_field;
    const bool defined = i.imm == 16 || i.imm == 32 || i.imm == 64;
    return defined ? CodeReason::none : CodeReason::bad_operand;
}

// RFC 9669 4.1, table 5: what the offset of div, mod and mov chooses.
bool offset_defined(const Instruction& i) {
    if (i.offset == 0) return true;
    const Alu operation = alu_of(i.opcode);
    if (operation == Alu::div || operation == Alu::mod) return i.offset == 1;
    if (operation != Alu::mov || !source_is_register(i.opcode)) return false;
    const bool wide = class_of(i.opcode) == Class::alu64;
    return i.offset == 8 || i.offset == 16 || (wide && i.offset == 32);
}

CodeReason arithmetic_form(const Instruction& i) {
    const Alu operation = alu_of(i.opcode);
    if (operation >= Alu::count) return CodeReason::unknown_opcode;
    if (i.dst() == frame_pointer) return CodeReason::writes_frame_pointer;
    if (operation == Alu::end) return swap_form(i);
    if (operation == Alu::neg) {
        if (source_is_register(i.opcode)) return CodeReason::unknown_opcode;
        const bool clean = i.registers == i.dst() && i.offset == 0 && i.imm == 0;
        return clean ? CodeReason::none : CodeReason::unused_field;
    }
    const bool unused = source_is_register(i.opcode) ? i.imm != 0 : i.src() != 0;
    if (unused) return CodeReason::unused_field;
    return offset_defined(i) ? CodeReason::none : CodeReason::bad_operand;
}

CodeReason call_form(const Instruction& i) {
    if (source_is_register(i.opcode)) return CodeReason::register_call;
    if (i.src() == static_cast<unsigned>(Call::kernel_function)) {
        return CodeReason::kernel_function_call;
    }
    if (i.src() > static_cast<unsigned>(Call::kernel_function)) return CodeReason::bad_operand;
    const bool clean = i.dst() == 0 && i.offset == 0;
    return clean ? CodeReason::none : CodeReason::unused_field;
}

CodeReason jump_form(const Instruction& i) {
    const bool narrow = class_of(i.opcode) == Class::jmp32;
    const Jump operation = jump_of(i.opcode);
    if (operation >= Jump::count) return CodeReason::unknown_opcode;
    if (operation == Jump::call) return narrow ? CodeReason::unknown_opcode : call_form(i);
    if (operation == Jump::exit || operation == Jump::always) {
        const bool exit = operation == Jump::exit;
        if (source_is_register(i.opcode) || (exit && narrow)) return CodeReason::unknown_opcode;
        const bool clean = i.registers == 0 && (i.offset == 0 || (!exit && !narrow)) &&
                           (i.imm == 0 || (!exit && narrow));
        return clean ? CodeReason::none : CodeReason::unused_field;
    }
    const bool unused = source_is_register(i.opcode) ? i.imm != 0 : i.src() != 0;
    return unused ? CodeReason::unused_field : CodeReason::none;
}

CodeReason immediate_load_form(const Instruction& i) {
    if (!wide_load(i)) {
        const bool legacy = (mode_of(i.opcode) == Mode::abs || mode_of(i.opcode) == Mode::ind) &&
                            size_of(i.opcode) != 8;
        return legacy ? CodeReason::legacy_packet : CodeReason::unknown_opcode;
    }
    if (i.dst() == frame_pointer) return CodeReason::writes_frame_pointer;
    if (i.src() > 6) return CodeReason::bad_operand;
    if (i.src() != 0) return CodeReason::map_reference;
    return i.offset == 0 ? CodeReason::none : CodeReason::unused_field;
}

CodeReason load_form(const Instruction& i) {
    const bool extends = mode_of(i.opcode) == Mode::memsx && size_of(i.opcode) != 8;
    if (mode_of(i.opcode) != Mode::mem && !extends) return CodeReason::unknown_opcode;
    if (i.dst() == frame_pointer) return CodeReason::writes_frame_pointer;
    return i.imm == 0 ? CodeReason::none : CodeReason::unused_field;
}

CodeReason atomic_form(const Instruction& i) {
    if (size_of(i.opcode) < 4) return CodeReason::unknown_opcode;
    switch (i.imm) {
        case atomic_add:
        case atomic_or:
        case atomic_and:
        case atomic_xor: return CodeReason::none;
        case atomic_compare_exchange: return CodeReason::none;
        case atomic_add | atomic_fetch:
        case atomic_or | atomic_fetch:
        case atomic_and | atomic_fetch:
        case atomic_xor | atomic_fetch:
        case atomic_exchange:
            return i.src() == frame_pointer ? CodeReason::writes_frame_pointer : CodeReason::none;
        default: return CodeReason::bad_operand;
    }
}

CodeReason store_form(const Instruction& i) {
    const bool from_register = class_of(i.opcode) == Class::stx;
    if (from_register && mode_of(i.opcode) == Mode::atomic) return atomic_form(i);
    if (mode_of(i.opcode) != Mode::mem) return CodeReason::unknown_opcode;
    const bool unused = from_register ? i.imm != 0 : i.src() != 0;
    return unused ? CodeReason::unused_field : CodeReason::none;
}

CodeReason fields(const Instruction& i) {
    if (i.dst() >= register_count) return CodeReason::bad_register;
    const bool extended_source = wide_load(i) || i.opcode == opcode_call;
    if (!extended_source && i.src() >= register_count) return CodeReason::bad_register;
    switch (class_of(i.opcode)) {
        case Class::ld: return immediate_load_form(i);
        case Class::ldx: return load_form(i);
        case Class::st:
        case Class::stx: return store_form(i);
        case Class::alu:
        case Class::alu64: return arithmetic_form(i);
        case Class::jmp:
        case Class::jmp32: return jump_form(i);
    }
    return CodeReason::unknown_opcode;
}

// Opcode 0 begins no instruction, so a unit with it is a second half.
CodeReason second_half(std::span<const Instruction> units, std::uint32_t at) {
    if (at >= units.size()) return CodeReason::half_wide_load;
    const Instruction& half = units[at];
    const bool clean = half.opcode == 0 && half.registers == 0 && half.offset == 0;
    return clean ? CodeReason::none : CodeReason::half_wide_load;
}

CodeReason target(std::span<const Instruction> units, std::uint32_t at) {
    const std::int64_t to = std::int64_t{at} + 1 + distance(units[at]);
    if (to < 0 || to >= static_cast<std::int64_t>(units.size())) return CodeReason::jump_outside;
    const bool half = units[static_cast<std::size_t>(to)].opcode == 0;
    return half ? CodeReason::jump_into_wide_load : CodeReason::none;
}

}  // namespace

CodeFault form(std::span<const Instruction> units) {
    if (units.empty()) return {0, CodeReason::no_instructions};
    if (units.size() > instructions_max) return {0, CodeReason::too_many_instructions};
    const auto count = static_cast<std::uint32_t>(units.size());
    std::uint32_t last = 0;
    for (std::uint32_t at = 0; at < count; ++at) {
        last = at;
        const CodeReason reason = fields(units[at]);
        if (reason != CodeReason::none) return {at, reason};
        if (!wide_load(units[at])) continue;
        const CodeReason second = second_half(units, ++at);
        if (second != CodeReason::none) return {last, second};
    }
    for (std::uint32_t at = 0; at < count; ++at) {
        const Instruction& i = units[at];
        if (!branches(i) && !always_jumps(i) && !calls_local(i)) continue;
        const CodeReason reason = target(units, at);
        if (reason != CodeReason::none) return {at, reason};
    }
    const bool ends = exits(units[last]) || always_jumps(units[last]);
    return ends ? CodeFault{} : CodeFault{last, CodeReason::runs_off_the_end};
}

}  // namespace kernel::code

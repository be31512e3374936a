#include "kernel/code/verify/notes.hpp"

namespace kernel::code::verify {

namespace {

constexpr unsigned all_registers = (1u << frame_pointer) - 1;
constexpr unsigned scratch = 0b00'0011'1111;    // r0 to r5: what a call overwrites
constexpr unsigned arguments = 0b00'0011'1110;  // r1 to r5
// Rounds of the search for a fixed point; a program that needs more has every register live.
constexpr unsigned rounds_max = 24;

constexpr unsigned bit(unsigned register_number) { return 1u << register_number; }

struct Masks {
    unsigned live;
    unsigned needed;
};

unsigned operand_bit(const Instruction& i) {
    return source_is_register(i.opcode) ? bit(i.src()) : 0;
}

Masks before_arithmetic(const Instruction& i, Masks after) {
    const unsigned destination = bit(i.dst());
    const bool overwrites = alu_of(i.opcode) == Alu::mov;
    const unsigned read = overwrites ? operand_bit(i) : operand_bit(i) | destination;
    const bool wanted = (after.needed & destination) != 0;
    return {(after.live & ~destination) | read,
            (after.needed & ~destination) | (wanted ? read : 0)};
}

Masks before_store(const Instruction& i, Masks after) {
    const bool from_register = class_of(i.opcode) == Class::stx;
    unsigned read = bit(i.dst()) | (from_register ? bit(i.src()) : 0);
    if (mode_of(i.opcode) == Mode::atomic) read |= bit(0);
    return {after.live | read, after.needed | read};
}

// What is live before instruction `at`, from what is live behind it. Functions return into code
// that may need any result: `returns` is r0 where there are any.
Masks before(Program program, std::span<const Note> notes, std::uint32_t at, unsigned returns) {
    const Instruction& i = program[at];
    const auto note = [notes](std::uint32_t index) {
        return Masks{notes[index].live, notes[index].needed};
    };
    if (exits(i)) return {bit(0), returns};
    if (always_jumps(i)) return note(target_of(i, at));
    const Masks after = note(at + (wide_load(i) ? 2 : 1));
    switch (class_of(i.opcode)) {
        case Class::alu:
        case Class::alu64: return before_arithmetic(i, after);
        case Class::ld: return {after.live & ~bit(i.dst()), after.needed & ~bit(i.dst())};
        case Class::ldx:
            return {(after.live & ~bit(i.dst())) | bit(i.src()),
                    (after.needed & ~bit(i.dst())) | bit(i.src())};
        case Class::st:
        case Class::stx: return before_store(i, after);
        default: break;
    }
    if (!branches(i)) {
        const unsigned needed = calls_local(i) ? arguments : 0;
        return {(after.live & ~scratch) | arguments, (after.needed & ~scratch) | needed};
    }
    const Masks taken = note(target_of(i, at));
    const unsigned read = bit(i.dst()) | operand_bit(i);
    return {after.live | taken.live | read, after.needed | taken.needed | read};
}

bool improve(Program program, std::span<Note> notes, unsigned returns) {
    bool changed = false;
    for (auto at = static_cast<std::uint32_t>(program.size()); at-- > 0;) {
        if (program[at].opcode == 0) continue;
        const Masks masks = before(program, notes, at, returns);
        const auto live = static_cast<std::uint16_t>(masks.live & all_registers);
        const auto needed = static_cast<std::uint16_t>(masks.needed & all_registers);
        changed |= live != notes[at].live || needed != notes[at].needed;
        notes[at].live = live;
        notes[at].needed = needed & all_registers;
    }
    return changed;
}

}  // namespace

void take_notes(Program program, std::span<Note> notes) {
    unsigned returns = 0;
    for (std::uint32_t at = 0; at < program.size(); ++at) {
        const Instruction& i = program[at];
        if (branches(i) || always_jumps(i) || calls_local(i)) {
            notes[target_of(i, at)].meeting = 1;
        }
        if (!calls_local(i)) continue;
        returns = bit(0);
        notes[at + 1].meeting = 1;
    }
    for (unsigned round = 0; round < rounds_max; ++round) {
        if (!improve(program, notes, returns)) return;
    }
    for (Note& note : notes) {
        note.live = all_registers;
        note.needed = all_registers;
    }
}

}  // namespace kernel::code::verify

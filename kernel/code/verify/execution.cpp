#include "kernel/code/verify/execution.hpp"

#include "kernel/base/assert.hpp"
#include "kernel/code/arithmetic.hpp"

namespace kernel::code::verify {

namespace {

// How far an address may stray: far enough for any program, near enough that no sum overflows.
constexpr std::int64_t reach = std::int64_t{1} << 29;

bool within_reach(const Value& distance) {
    return distance.smin >= -reach && distance.smax <= reach;
}

Place place_of(const Value& base, std::int16_t offset, unsigned bytes) {
    constexpr auto lowest = static_cast<std::int64_t>(frame_bytes);
    return {.frame = base.region,
            .from_min = static_cast<std::uint16_t>(base.smin + offset + lowest),
            .from_max = static_cast<std::uint16_t>(base.smax + offset + lowest),
            .bytes = static_cast<std::uint8_t>(bytes)};
}

CodeReason readable(const Value& value) {
    return value.kind == Kind::none ? CodeReason::uninitialised : CodeReason::none;
}
CodeReason number(const Value& value) {
    if (value.number()) return CodeReason::none;
    return value.address() ? CodeReason::address_as_number : CodeReason::uninitialised;
}

// A number, or an address into a window, and a constant: the result's name is theirs. Only where
// neither wraps: then differences are those of the numbers as they are.
void keep_name(const Instruction& i, const Value& a, const Value& b, Value& result) {
    constexpr std::uint32_t largest = 0xffff'ffff;
    const Value& named = a.name != 0 ? a : b;
    const Value& other = a.name != 0 ? b : a;
    const Alu operation = alu_of(i.opcode);
    const bool adds = operation == Alu::add ||
                      (operation == Alu::bit_or && a.number() && b.number() &&
                       ((a.bits.known | a.bits.unknown) & (b.bits.known | b.bits.unknown)) == 0);
    if (!adds || named.name < first_free_name || !other.constant()) return;
    if (other.name != 0 || !within_reach(other)) return;
    const auto more = static_cast<std::int64_t>(other.bits.known);
    const std::int64_t delta = named.delta + more;
    if (delta < -reach || delta > reach) return;
    const bool narrow = named.umax <= largest;
    const bool wraps = !narrow || named.smin + more < 0 || named.smax + more > largest;
    if (named.number() && wraps) return;
    result.name = named.name;
    result.delta = static_cast<std::int32_t>(delta);
}

bool rule_sound(const WindowRule& rule) {
    return rule.bytes_min <= rule.bytes_max && rule.bytes_max <= window_bytes_max;
}

// Distances as numbers that order as the addresses do: both lie within the region or at its end.
bool within_region(const Value& address, std::uint32_t bytes) {
    const std::int64_t from = address.kind == Kind::stack ? -std::int64_t{frame_bytes} : 0;
    const std::int64_t to = address.kind == Kind::stack ? 0 : std::int64_t{bytes};
    return address.smin >= from && address.smax <= to;
}

Value as_number(Value address) {
    const bool stack = address.kind == Kind::stack;
    address.kind = Kind::number;
    address.region = 0;
    address.name = 0;
    if (!stack) return address;
    constexpr Instruction plus{0x07, 0, 0, 0};
    return arithmetic(plus, address, constant(frame_bytes));
}

}  // namespace

CodeReason Execution::enter() {
    if (contract_.windows.size() > windows_max) return CodeReason::bad_contract;
    for (std::uint8_t i = 0; i < windows_max; ++i) state_.head.lengths[i] = constant(0);
    for (std::uint8_t i = 0; i < contract_.windows.size(); ++i) {
        const WindowRule& rule = contract_.windows[i];
        if (!rule_sound(rule)) return CodeReason::bad_contract;
        Value& length = state_.head.lengths[i];
        length = between(rule.bytes_min, rule.bytes_max);
        length.name = static_cast<std::uint16_t>(i + 1);
        const bool empty = rule.bytes_max == 0;
        state_.write(1 + 2 * i, empty ? constant(0) : address_of(Kind::window, i));
        state_.write(2 + 2 * i, length);
    }
    return CodeReason::none;
}

CodeReason Execution::step() {
    const std::uint32_t at = state_.head.next;
    const Instruction& i = program_[at];
    state_.head.next = at + (wide_load(i) ? 2 : 1);
    switch (class_of(i.opcode)) {
        case Class::alu:
        case Class::alu64: return arithmetic_step(i);
        case Class::ld:
            state_.write(i.dst(), constant(wide_immediate(i, program_[at + 1])));
            return CodeReason::none;
        case Class::ldx: return load_step(i);
        case Class::st:
        case Class::stx: return mode_of(i.opcode) == Mode::atomic ? atomic_step(i) : store_step(i);
        default: break;
    }
    if (exits(i)) return exit_step();
    if (always_jumps(i)) {
        state_.head.next = target_of(i, at);
        return CodeReason::none;
    }
    return calls_local(i) ? call_function(i) : call_helper(i);
}

CodeReason Execution::operand(const Instruction& i, Value& value) const {
    value = source_is_register(i.opcode) ? state_.read(i.src()) : constant(i.imm64());
    return readable(value);
}

CodeReason Execution::arithmetic_step(const Instruction& i) {
    const Alu operation = alu_of(i.opcode);
    const bool unary = operation == Alu::neg || operation == Alu::end;
    Value a = state_.read(i.dst());
    Value b = constant(0);
    if (!unary) {
        const bool copies = operation == Alu::mov && source_is_register(i.opcode);
        if (copies) state_.name(i.src());
        const CodeReason reason = operand(i, b);
        if (reason != CodeReason::none) return reason;
    }
    if (operation == Alu::mov) {
        a = constant(0);
    } else if (a.kind == Kind::none) {
        return CodeReason::uninitialised;
    }
    if (a.address() || b.address()) return address_step(i, a, b);
    Value result = arithmetic(i, a, b);
    if (operation != Alu::mov) keep_name(i, a, b, result);
    state_.write(i.dst(), result);
    return CodeReason::none;
}

CodeReason Execution::address_step(const Instruction& i, const Value& a, const Value& b) {
    const Alu operation = alu_of(i.opcode);
    if (class_of(i.opcode) != Class::alu64) return CodeReason::address_as_number;
    if (operation == Alu::mov && i.offset == 0) {
        state_.write(i.dst(), b);
        return CodeReason::none;
    }
    const bool apart = operation == Alu::sub && a.same_memory(b);
    const bool moves = operation == Alu::add ? !(a.address() && b.address())
                                             : operation == Alu::sub && b.number();
    if (!apart && !moves) return CodeReason::address_arithmetic;
    Value result = arithmetic(i, a, b);
    if (moves) {
        const Value& address = a.address() ? a : b;
        if (!within_reach(a) || !within_reach(b) || !within_reach(result)) {
            return CodeReason::address_out_of_reach;
        }
        result.kind = address.kind;
        result.region = address.region;
        if (address.kind == Kind::window) keep_name(i, a, b, result);
    }
    state_.write(i.dst(), result);
    return CodeReason::none;
}

CodeReason Execution::check(const Access& access) const {
    const Value& base = access.base;
    if (base.kind == Kind::none) return CodeReason::uninitialised;
    if (!base.address()) return CodeReason::no_address;
    const Instruction& i = access.instruction;
    const unsigned bytes = size_of(i.opcode);
    const std::int64_t from = base.smin + i.offset;
    const std::int64_t to = base.smax + i.offset + bytes;
    if (base.kind == Kind::stack) {
        const bool inside = from >= -std::int64_t{frame_bytes} && to <= 0;
        return inside ? CodeReason::none : CodeReason::outside_stack;
    }
    const auto length = static_cast<std::int64_t>(state_.head.lengths[base.region].umin);
    const bool inside = to <= length || state_.length_learned(base, to - base.smax);
    if (from < 0 || !inside) return CodeReason::outside_window;
    const bool allowed = !access.store || contract_.windows[base.region].writable;
    return allowed ? CodeReason::none : CodeReason::read_only;
}

CodeReason Execution::load_from(const Access& access, Value& value) const {
    const CodeReason reason = check(access);
    if (reason != CodeReason::none) return reason;
    const unsigned bytes = size_of(access.instruction.opcode);
    if (access.base.kind == Kind::stack) {
        return state_.load(place_of(access.base, access.instruction.offset, bytes), value);
    }
    value = low_bytes(any_number(), bytes);
    return CodeReason::none;
}

CodeReason Execution::store_to(const Access& access, const Value& value) {
    const CodeReason reason = check(access);
    if (reason != CodeReason::none) return reason;
    const unsigned bytes = size_of(access.instruction.opcode);
    if (access.base.kind == Kind::stack) {
        return state_.store(place_of(access.base, access.instruction.offset, bytes), value);
    }
    return value.address() ? CodeReason::address_stored : CodeReason::none;
}

CodeReason Execution::load_step(const Instruction& i) {
    Value value;
    const CodeReason reason = load_from({i, state_.read(i.src()), false}, value);
    if (reason != CodeReason::none) return reason;
    if (mode_of(i.opcode) == Mode::memsx) {
        if (value.address()) return CodeReason::address_as_number;
        value = signed_low_bytes(value, size_of(i.opcode));
    }
    state_.write(i.dst(), value);
    return CodeReason::none;
}

CodeReason Execution::store_step(const Instruction& i) {
    const bool from_register = class_of(i.opcode) == Class::stx;
    if (from_register) state_.name(i.src());
    const Value value = from_register ? state_.read(i.src()) : constant(i.imm64());
    if (value.kind == Kind::none) return CodeReason::uninitialised;
    return store_to({i, state_.read(i.dst()), true}, value);
}

CodeReason Execution::atomic_step(const Instruction& i) {
    const Access access{i, state_.read(i.dst()), true};
    CodeReason reason = number(state_.read(i.src()));
    if (reason != CodeReason::none) return reason;
    const bool compares = i.imm == atomic_compare_exchange;
    if (compares) reason = number(state_.read(0));
    if (reason != CodeReason::none) return reason;
    Value old;
    reason = load_from(access, old);
    if (reason != CodeReason::none) return reason;
    if (old.address()) return CodeReason::address_as_number;
    const Value distance = arithmetic({0x07, 0, 0, i.offset}, access.base,
                                      constant(static_cast<std::uint64_t>(
                                          std::int64_t{i.offset})));
    const unsigned bytes = size_of(i.opcode);
    if (((distance.bits.known | distance.bits.unknown) & (bytes - 1)) != 0) {
        return CodeReason::misaligned_atomic;
    }
    reason = store_to(access, low_bytes(any_number(), bytes));
    if (reason != CodeReason::none) return reason;
    if (compares) {
        state_.write(0, old);
    } else if ((i.imm & atomic_fetch) != 0) {
        state_.write(i.src(), old);
    }
    return CodeReason::none;
}

CodeReason Execution::call_helper(const Instruction& i) {
    const Helper* const helper = find_helper(contract_.helpers, i.imm);
    CHITIN_ASSERT(helper != nullptr);
    for (unsigned argument = 1; argument <= helper->arguments; ++argument) {
        const CodeReason reason = number(state_.read(argument));
        if (reason != CodeReason::none) return reason;
    }
    for (unsigned scratch = 1; scratch <= 5; ++scratch) state_.write(scratch, Value{});
    state_.write(0, any_number());
    return CodeReason::none;
}

CodeReason Execution::call_function(const Instruction& i) {
    if (state_.head.frames == frames_max) return CodeReason::calls_too_deep;
    const std::uint32_t back = state_.head.next;
    state_.frame().back = back;
    state_.push_frame();
    State& state = state_;
    // The caller is left with what it has afterwards: r6 to r9, as far as they matter.
    --state.head.frames;
    constexpr unsigned kept = 0b11'1100'0000;
    state.forget(notes_[back].live & kept, notes_[back].needed);
    ++state.head.frames;
    state.head.next = back + static_cast<std::uint32_t>(i.imm);
    return CodeReason::none;
}

CodeReason Execution::exit_step() {
    const Value result = state_.read(0);
    const bool function = state_.head.frames > 1;
    if (!function) {
        ended_ = true;
        return number(result);
    }
    const bool dangles = result.kind == Kind::stack && result.region == state_.head.frames - 1;
    if (dangles) return CodeReason::address_stored;
    state_.pop_frame();
    return CodeReason::none;
}

// Numbers that compare as the operands do. An address is no window's null: against 0 it is known
// to differ. Two addresses into one region compare as their distances; any other comparison would
// tell where memory lies.
CodeReason Execution::comparable(const Instruction& i, Value& a, Value& b) const {
    a = state_.read(i.dst());
    CodeReason reason = readable(a);
    if (reason == CodeReason::none) reason = operand(i, b);
    if (reason != CodeReason::none) return reason;
    if (a.number() && b.number()) return CodeReason::none;
    const Jump condition = jump_of(i.opcode);
    const bool wide = class_of(i.opcode) == Class::jmp;
    const bool equality = condition == Jump::eq || condition == Jump::ne;
    const bool ordering = condition == Jump::gt || condition == Jump::ge ||
                          condition == Jump::lt || condition == Jump::le;
    if (wide && equality && b.number() && b.constant() && b.bits.known == 0 &&
        (a.kind == Kind::stack || contract_.windows[a.region].bytes_min != 0)) {
        a = constant(1);
        return CodeReason::none;
    }
    const std::uint32_t bytes =
        a.kind == Kind::window ? contract_.windows[a.region].bytes_max : 0;
    const bool sound = a.address() && a.same_memory(b) && within_region(a, bytes) &&
                       within_region(b, bytes);
    if (!wide || !(equality || ordering) || !sound) return CodeReason::address_as_number;
    a = as_number(a);
    b = as_number(b);
    return CodeReason::none;
}

CodeReason Execution::ways(Ways& ways) const {
    const Instruction& i = program_[state_.head.next];
    Value a;
    Value b;
    const CodeReason reason = comparable(i, a, b);
    if (reason != CodeReason::none) return reason;
    Value other_a = a;
    Value other_b = b;
    ways.taken = assume(i, true, a, b);
    ways.fallen = assume(i, false, other_a, other_b);
    return CodeReason::none;
}

// What a number not larger than a window's length says about the window.
void Execution::learn_length(const Instruction& i, bool taken) {
    const Jump condition = jump_of(i.opcode);
    const bool greater = condition == Jump::gt || condition == Jump::ge;
    const bool less = condition == Jump::lt || condition == Jump::le;
    if (!greater && !less) return;
    const bool dst_is_low = less == taken;
    const bool strict = taken ? condition == Jump::gt || condition == Jump::lt
                              : condition == Jump::ge || condition == Jump::le;
    const Value high = state_.read(dst_is_low ? i.src() : i.dst());
    const bool a_length = high.number() && high.name != 0 && high.name < first_free_name;
    if (!a_length) return;
    const unsigned low = dst_is_low ? i.dst() : i.src();
    state_.name(low);
    Value value = state_.read(low);
    const bool halves = class_of(i.opcode) == Class::jmp32;
    if (!value.number() || (halves && value.umax > 0xffff'ffff)) return;
    value.delta += strict ? 1 : 0;
    state_.learn_length(value, high.name - 1u);
}

void Execution::go(bool taken) {
    const std::uint32_t at = state_.head.next;
    const Instruction& i = program_[at];
    state_.head.next = taken ? target_of(i, at) : at + 1;
    if (source_is_register(i.opcode)) learn_length(i, taken);
    Value a = state_.read(i.dst());
    Value b;
    (void)operand(i, b);
    if (!a.number() || !b.number()) return;
    if (!assume(i, taken, a, b)) return;
    const bool compares_with_itself = source_is_register(i.opcode) && i.src() == i.dst();
    state_.write(i.dst(), a);
    state_.teach(a);
    if (compares_with_itself || !source_is_register(i.opcode)) return;
    // Copies of one number were compared: the first has taught the second.
    if (a.same_number(b)) return;
    state_.write(i.src(), b);
    state_.teach(b);
}

}  // namespace kernel::code::verify

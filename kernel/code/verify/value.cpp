#include "kernel/code/verify/value.hpp"

#include <bit>

#include "kernel/code/arithmetic.hpp"

namespace kernel::code::verify {

namespace {

constexpr std::uint64_t all_ones = ~std::uint64_t{0};
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

constexpr std::uint64_t as_unsigned(std::int64_t number) {
    return static_cast<std::uint64_t>(number);
}
constexpr std::int64_t as_signed(std::uint64_t number) {
    return static_cast<std::int64_t>(number);
}
template <class Number>
void raise(Number& low, Number to) {
    if (low < to) low = to;
}
template <class Number>
void lower(Number& high, Number to) {
    if (high > to) high = to;
}

// Every number from min to max: the leading bits that both share are known.
Bits bits_between(std::uint64_t min, std::uint64_t max) {
    const std::uint64_t different = min ^ max;
    const std::uint64_t unknown =
        different == 0 ? 0 : all_ones >> std::countl_zero(different);
    return {min & ~unknown, unknown};
}

// What both say; false: they contradict each other.
bool meet(Bits& bits, const Bits& other) {
    if (((bits.known ^ other.known) & ~(bits.unknown | other.unknown)) != 0) return false;
    const std::uint64_t unknown = bits.unknown & other.unknown;
    bits = {(bits.known | other.known) & ~unknown, unknown};
    return true;
}

void ranges_from_bits(Value& value) {
    const std::uint64_t least = value.bits.known;
    const std::uint64_t most = value.bits.known | value.bits.unknown;
    raise(value.umin, least);
    lower(value.umax, most);
    raise(value.smin, as_signed(least | (value.bits.unknown & sign_bit)));
    lower(value.smax, as_signed(most & ~(value.bits.unknown & sign_bit)));
}

// A range that does not cross the sign is the same range both ways.
void ranges_from_each_other(Value& value) {
    if (as_signed(value.umin) <= as_signed(value.umax)) {
        raise(value.smin, as_signed(value.umin));
        lower(value.smax, as_signed(value.umax));
    }
    if (as_unsigned(value.smin) <= as_unsigned(value.smax)) {
        raise(value.umin, as_unsigned(value.smin));
        lower(value.umax, as_unsigned(value.smax));
    }
}

Bits sum(const Bits& a, const Bits& b) {
    const std::uint64_t least = a.known + b.known;
    const std::uint64_t most = least + a.unknown + b.unknown;
    const std::uint64_t unknown = (least ^ most) | a.unknown | b.unknown;
    return {least & ~unknown, unknown};
}

Bits difference(const Bits& a, const Bits& b) {
    const std::uint64_t apart = a.known - b.known;
    const std::uint64_t unknown =
        ((apart + a.unknown) ^ (apart - b.unknown)) | a.unknown | b.unknown;
    return {apart & ~unknown, unknown};
}

void range_of_sum(Value& result, const Value& a, const Value& b) {
    if (__builtin_add_overflow(a.umin, b.umin, &result.umin) |
        __builtin_add_overflow(a.umax, b.umax, &result.umax)) {
        result.umin = 0;
        result.umax = all_ones;
    }
    if (__builtin_add_overflow(a.smin, b.smin, &result.smin) |
        __builtin_add_overflow(a.smax, b.smax, &result.smax)) {
        result.smin = std::numeric_limits<std::int64_t>::min();
        result.smax = std::numeric_limits<std::int64_t>::max();
    }
}

void range_of_difference(Value& result, const Value& a, const Value& b) {
    if (a.umin >= b.umax) {
        result.umin = a.umin - b.umax;
        result.umax = a.umax - b.umin;
    }
    if (__builtin_sub_overflow(a.smin, b.smax, &result.smin) |
        __builtin_sub_overflow(a.smax, b.smin, &result.smax)) {
        result.smin = std::numeric_limits<std::int64_t>::min();
        result.smax = std::numeric_limits<std::int64_t>::max();
    }
}

void product(Value& result, const Value& a, const Value& b) {
    const int zeros = std::countr_zero(a.bits.known | a.bits.unknown) +
                      std::countr_zero(b.bits.known | b.bits.unknown);
    result.bits.unknown = zeros >= 64 ? 0 : all_ones << zeros;
    std::uint64_t most = 0;
    if (__builtin_mul_overflow(a.umax, b.umax, &most)) return;
    result.umax = most;
    result.umin = a.umin * b.umin;
}

// Without sign only; by a divisor that may be zero the quotient may be 0, and the remainder the
// dividend.
void quotient(Value& result, const Value& a, const Value& b) {
    result.umax = b.umin == 0 ? a.umax : a.umax / b.umin;
    result.umin = b.umin == 0 ? 0 : a.umin / b.umax;
}
void rest(Value& result, const Value& a, const Value& b) {
    result.umax = a.umax;
    if (b.umin != 0) lower(result.umax, b.umax - 1);
}

Bits bits_of(Alu operation, const Bits& a, const Bits& b) {
    const std::uint64_t a_ones = a.known | a.unknown;
    const std::uint64_t b_ones = b.known | b.unknown;
    if (operation == Alu::bit_and) {
        const std::uint64_t known = a.known & b.known;
        return {known, (a_ones & b_ones) & ~known};
    }
    const std::uint64_t unknown = a.unknown | b.unknown;
    if (operation == Alu::bit_xor) return {(a.known ^ b.known) & ~unknown, unknown};
    const std::uint64_t known = a.known | b.known;
    return {known, unknown & ~known};
}

// By a constant; the count is below 64.
void shift(Value& result, Alu operation, const Value& a, unsigned count) {
    switch (operation) {
        case Alu::lsh:
            result.bits = {a.bits.known << count, a.bits.unknown << count};
            if (a.umax <= all_ones >> count) {
                result.umin = a.umin << count;
                result.umax = a.umax << count;
            }
            break;
        case Alu::rsh:
            result.bits = {a.bits.known >> count, a.bits.unknown >> count};
            result.umin = a.umin >> count;
            result.umax = a.umax >> count;
            break;
        default:
            result.bits.unknown = as_unsigned(as_signed(a.bits.unknown) >> count);
            result.bits.known =
                as_unsigned(as_signed(a.bits.known) >> count) & ~result.bits.unknown;
            result.smin = a.smin >> count;
            result.smax = a.smax >> count;
    }
}

// A shift by an unknown count: to the right a number without sign only becomes smaller.
void shift_unknown(Value& result, Alu operation, const Value& a) {
    if (operation == Alu::rsh || (operation == Alu::arsh && a.smin >= 0)) result.umax = a.umax;
}

// Division with sign: of numbers that have none.
bool sign_matters(const Instruction& i, const Value& a, const Value& b) {
    return i.offset != 0 && (a.smin < 0 || b.smin < 0);
}

// `a` and `b` as the operation sees them: already cut to 32 bits where it is a 32-bit one.
Value computed_wide(const Instruction& i, const Value& a, const Value& b, unsigned width) {
    Value result = any_number();
    const Alu operation = alu_of(i.opcode);
    switch (operation) {
        case Alu::add:
            result.bits = sum(a.bits, b.bits);
            range_of_sum(result, a, b);
            break;
        case Alu::sub:
            result.bits = difference(a.bits, b.bits);
            range_of_difference(result, a, b);
            break;
        case Alu::mul: product(result, a, b); break;
        case Alu::div:
            if (!sign_matters(i, a, b)) quotient(result, a, b);
            break;
        case Alu::mod:
            if (!sign_matters(i, a, b)) rest(result, a, b);
            break;
        case Alu::bit_and:
        case Alu::bit_or:
        case Alu::bit_xor: result.bits = bits_of(operation, a.bits, b.bits); break;
        case Alu::lsh:
        case Alu::rsh:
        case Alu::arsh:
            if (b.constant()) {
                shift(result, operation, a, static_cast<unsigned>(b.bits.known) & (width - 1));
            } else {
                shift_unknown(result, operation, a);
            }
            break;
        default: break;
    }
    if (!settle(result)) return any_number();
    return result;
}

Value moved(const Instruction& i, const Value& b) {
    const auto bytes = static_cast<unsigned>(i.offset) / 8;
    if (bytes != 0) return signed_low_bytes(b, bytes);
    return b;
}

// le, be and bswap: how many low bytes are left.
Value swapped(const Instruction& i) {
    return low_bytes(any_number(), static_cast<unsigned>(i.imm) / 8);
}

}  // namespace

Value any_number() {
    Value value;
    value.kind = Kind::number;
    return value;
}

Value constant(std::uint64_t number) { return between(number, number); }

Value between(std::uint64_t min, std::uint64_t max) {
    Value value = any_number();
    value.umin = min;
    value.umax = max;
    (void)settle(value);
    return value;
}

Value address_of(Kind kind, std::uint8_t region) {
    Value value = constant(0);
    value.kind = kind;
    value.region = region;
    return value;
}

bool settle(Value& value) {
    // Twice: what the second description learns from the third, the first learns too.
    for (int round = 0; round < 2; ++round) {
        ranges_from_bits(value);
        ranges_from_each_other(value);
        if (value.umin > value.umax || value.smin > value.smax) return false;
        if (!meet(value.bits, bits_between(value.umin, value.umax))) return false;
    }
    ranges_from_bits(value);
    return value.umin <= value.umax && value.smin <= value.smax;
}

bool contains(const Value& whole, const Value& part) {
    if (whole.kind == Kind::none) return true;
    if (!whole.same_memory(part)) return false;
    const bool bits = (part.bits.unknown & ~whole.bits.unknown) == 0 &&
                      ((part.bits.known ^ whole.bits.known) & ~whole.bits.unknown) == 0;
    return bits && whole.umin <= part.umin && part.umax <= whole.umax &&
           whole.smin <= part.smin && part.smax <= whole.smax;
}

Value low_bytes(const Value& value, unsigned bytes) {
    if (bytes == 8) return value;
    const std::uint64_t mask = (std::uint64_t{1} << (8 * bytes)) - 1;
    if (value.number() && value.umax <= mask) return value;
    Value low = any_number();
    low.bits = {value.bits.known & mask, value.bits.unknown & mask};
    low.umax = mask;
    if ((value.umin & ~mask) == (value.umax & ~mask)) {
        low.umin = value.umin & mask;
        low.umax = value.umax & mask;
    } else if ((as_unsigned(value.smin) & ~mask) == (as_unsigned(value.smax) & ~mask)) {
        low.umin = as_unsigned(value.smin) & mask;
        low.umax = as_unsigned(value.smax) & mask;
    }
    if (!settle(low)) return between(0, mask);
    return low;
}

Value signed_low_bytes(const Value& value, unsigned bytes) {
    if (bytes == 8) return value;
    const std::int64_t most = (std::int64_t{1} << (8 * bytes - 1)) - 1;
    const std::int64_t least = -most - 1;
    if (value.number() && least <= value.smin && value.smax <= most) return value;
    const Value low = low_bytes(value, bytes);
    if (low.umax <= as_unsigned(most)) return low;
    Value extended = any_number();
    const auto unused = 64 - 8 * bytes;
    extended.bits = {low.bits.known << unused, low.bits.unknown << unused};
    shift(extended, Alu::arsh, extended, unused);
    extended.smin = least;
    extended.smax = most;
    if (low.umin > as_unsigned(most)) {
        extended.smin = as_signed(sign_extend(low.umin, static_cast<int>(8 * bytes)));
        extended.smax = as_signed(sign_extend(low.umax, static_cast<int>(8 * bytes)));
    }
    if (!settle(extended)) return any_number();
    return extended;
}

Value arithmetic(const Instruction& i, const Value& a, const Value& b) {
    const Alu operation = alu_of(i.opcode);
    const bool unary = operation == Alu::neg || operation == Alu::end;
    const bool ignores_a = operation == Alu::mov;
    if ((ignores_a || a.constant()) && (unary || b.constant())) {
        return constant(computed(i, a.bits.known, b.bits.known));
    }
    if (operation == Alu::end) return swapped(i);
    const bool wide = class_of(i.opcode) == Class::alu64;
    if (operation == Alu::mov) return wide ? moved(i, b) : low_bytes(moved(i, b), 4);
    if (operation == Alu::neg) {
        Instruction minus = i;
        minus.opcode = static_cast<std::uint8_t>(i.opcode & 0xf) | 0x10;
        return arithmetic(minus, constant(0), a);
    }
    if (wide) return computed_wide(i, a, b, 64);
    const bool with_sign = operation == Alu::arsh || i.offset != 0;
    const Value low_a = with_sign ? signed_low_bytes(a, 4) : low_bytes(a, 4);
    const Value low_b = with_sign ? signed_low_bytes(b, 4) : low_bytes(b, 4);
    return low_bytes(computed_wide(i, low_a, low_b, 32), 4);
}

}  // namespace kernel::code::verify

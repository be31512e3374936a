// assume(): what a branch's outcome says about the numbers it compared.
#include "kernel/code/verify/value.hpp"

namespace kernel::code::verify {

namespace {

constexpr std::uint64_t low_half = 0xffff'ffff;

// The condition that holds where this one does not. `set` has none: see without_bits().
Jump opposite(Jump condition) {
    switch (condition) {
        case Jump::eq: return Jump::ne;
        case Jump::ne: return Jump::eq;
        case Jump::gt: return Jump::le;
        case Jump::ge: return Jump::lt;
        case Jump::lt: return Jump::ge;
        case Jump::le: return Jump::gt;
        case Jump::sgt: return Jump::sle;
        case Jump::sge: return Jump::slt;
        case Jump::slt: return Jump::sge;
        default: return Jump::sgt;
    }
}

bool equal(Value& a, Value& b) {
    const auto meet = [](Value& one, const Value& other) {
        if (one.umin < other.umin) one.umin = other.umin;
        if (one.umax > other.umax) one.umax = other.umax;
        if (one.smin < other.smin) one.smin = other.smin;
        if (one.smax > other.smax) one.smax = other.smax;
        const std::uint64_t both_known = ~(one.bits.unknown | other.bits.unknown);
        if (((one.bits.known ^ other.bits.known) & both_known) != 0) return false;
        one.bits.known |= other.bits.known;
        one.bits.unknown &= other.bits.unknown;
        one.bits.known &= ~one.bits.unknown;
        return settle(one);
    };
    return meet(a, b) && meet(b, a);
}

// A known number leaves the other's ranges where it stands at their end.
bool exclude(Value& value, const Value& other) {
    if (!other.constant()) return true;
    const std::uint64_t number = other.bits.known;
    const auto with_sign = static_cast<std::int64_t>(number);
    if (value.constant()) return value.bits.known != number;
    if (value.umin == number) ++value.umin;
    if (value.umax == number) --value.umax;
    if (value.smin == with_sign) ++value.smin;
    if (value.smax == with_sign) --value.smax;
    return settle(value);
}
bool different(Value& a, Value& b) { return exclude(a, b) && exclude(b, a); }

// low < high, or low <= high where `or_equal`.
bool ordered(Value& low, Value& high, bool or_equal) {
    const unsigned gap = or_equal ? 0 : 1;
    if (high.umax < gap || low.umin > std::numeric_limits<std::uint64_t>::max() - gap) {
        return false;
    }
    if (low.umax > high.umax - gap) low.umax = high.umax - gap;
    if (high.umin < low.umin + gap) high.umin = low.umin + gap;
    return settle(low) && settle(high);
}
bool ordered_with_sign(Value& low, Value& high, bool or_equal) {
    const int gap = or_equal ? 0 : 1;
    if (high.smax < std::numeric_limits<std::int64_t>::min() + gap ||
        low.smin > std::numeric_limits<std::int64_t>::max() - gap) {
        return false;
    }
    if (low.smax > high.smax - gap) low.smax = high.smax - gap;
    if (high.smin < low.smin + gap) high.smin = low.smin + gap;
    return settle(low) && settle(high);
}

// Some bit of the mask is set: known which where it has only one.
bool with_bits(Value& value, const Value& mask) {
    const std::uint64_t possible = mask.bits.known | mask.bits.unknown;
    if (((value.bits.known | value.bits.unknown) & possible) == 0) return false;
    const bool single = mask.constant() && (possible & (possible - 1)) == 0;
    if (!single) return true;
    value.bits.known |= possible;
    value.bits.unknown &= ~possible;
    return settle(value);
}
bool without_bits(Value& value, const Value& mask) {
    if ((value.bits.known & mask.bits.known) != 0) return false;
    value.bits.unknown &= ~mask.bits.known;
    return settle(value);
}

bool assume_wide(Jump condition, bool holds, Value& a, Value& b) {
    if (condition == Jump::set) return holds ? with_bits(a, b) : without_bits(a, b);
    switch (holds ? condition : opposite(condition)) {
        case Jump::eq: return equal(a, b);
        case Jump::ne: return different(a, b);
        case Jump::gt: return ordered(b, a, false);
        case Jump::ge: return ordered(b, a, true);
        case Jump::lt: return ordered(a, b, false);
        case Jump::le: return ordered(a, b, true);
        case Jump::sgt: return ordered_with_sign(b, a, false);
        case Jump::sge: return ordered_with_sign(b, a, true);
        case Jump::slt: return ordered_with_sign(a, b, false);
        default: return ordered_with_sign(a, b, true);
    }
}

// What was learned about the low half, where the value is more than that: its known bits.
bool learn(Value& value, const Value& low) {
    const std::uint64_t known = ~low.bits.unknown & low_half;
    const std::uint64_t both = known & ~value.bits.unknown;
    if (((value.bits.known ^ low.bits.known) & both) != 0) return false;
    value.bits.known |= low.bits.known & low_half;
    value.bits.unknown &= ~known;
    return settle(value);
}

bool compares_signs(Jump condition) {
    return condition == Jump::sgt || condition == Jump::sge || condition == Jump::slt ||
           condition == Jump::sle;
}

bool fits_half(const Value& value, bool with_sign) {
    if (!with_sign) return value.umax <= low_half;
    return value.smin >= std::numeric_limits<std::int32_t>::min() &&
           value.smax <= std::numeric_limits<std::int32_t>::max();
}

}  // namespace

bool assume(const Instruction& branch, bool holds, Value& a, Value& b) {
    const Jump condition = jump_of(branch.opcode);
    if (class_of(branch.opcode) == Class::jmp) return assume_wide(condition, holds, a, b);
    const bool with_sign = compares_signs(condition);
    Value low_a = with_sign ? signed_low_bytes(a, 4) : low_bytes(a, 4);
    Value low_b = with_sign ? signed_low_bytes(b, 4) : low_bytes(b, 4);
    const bool whole_a = fits_half(a, with_sign);
    const bool whole_b = fits_half(b, with_sign);
    if (!assume_wide(condition, holds, low_a, low_b)) return false;
    if (whole_a) a = low_a;
    if (whole_b) b = low_b;
    return (whole_a || learn(a, low_a)) && (whole_b || learn(b, low_b));
}

}  // namespace kernel::code::verify

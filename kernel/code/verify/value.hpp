#pragma once

/// Value: what verification knows about a register: that nobody wrote it, or a set of numbers, or
/// an address, as a set of distances from what it points to.
///
/// A set of numbers is kept three ways at once, each narrowing the others (settle()): the bits
/// known, a range without sign, a range with sign. It always contains what the register can hold;
/// how much more is the price of finite memory.
///
/// Copies of an unknown number carry one name: what a comparison teaches about one holds for all.
/// A value that is such a number and something constant carries the name and the difference, an
/// address into a window too: so that `14 + header <= length` is remembered when it is needed.

#include <cstdint>
#include <limits>

#include "kernel/code/instruction.hpp"

namespace kernel::code::verify {

/// Bits of a number: those set in `unknown` may be either; the others are as in `known`, which is
/// zero where `unknown` is set.
struct Bits {
    std::uint64_t known = 0;
    std::uint64_t unknown = ~std::uint64_t{0};

    constexpr bool operator==(const Bits&) const = default;
};

enum class Kind : std::uint8_t {
    none,    ///< never written
    number,
    stack,   ///< an address in frame `region`; the number is its distance from the frame's end
    window,  ///< an address in window `region`; the number is its distance from the base
};

struct Value {
    Kind kind = Kind::none;
    std::uint8_t region = 0;
    std::uint16_t name = 0;  ///< 0: none
    std::int32_t delta = 0;  ///< this is the number of that name, and so much more
    Bits bits;
    std::uint64_t umin = 0;
    std::uint64_t umax = std::numeric_limits<std::uint64_t>::max();
    std::int64_t smin = std::numeric_limits<std::int64_t>::min();
    std::int64_t smax = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] constexpr bool number() const { return kind == Kind::number; }
    [[nodiscard]] constexpr bool address() const { return kind >= Kind::stack; }
    [[nodiscard]] constexpr bool constant() const { return bits.unknown == 0; }
    [[nodiscard]] constexpr bool same_number(const Value& other) const {
        return name != 0 && name == other.name && delta == other.delta && number() &&
               other.number();
    }
    [[nodiscard]] constexpr bool same_memory(const Value& other) const {
        return kind == other.kind && region == other.region;
    }
};

[[nodiscard]] Value any_number();
[[nodiscard]] Value constant(std::uint64_t number);
/// Numbers without sign; min <= max.
[[nodiscard]] Value between(std::uint64_t min, std::uint64_t max);
[[nodiscard]] Value address_of(Kind kind, std::uint8_t region);

/// Narrows each of the three descriptions by the others. False: they exclude each other, so no
/// execution comes here.
[[nodiscard]] bool settle(Value& value);

/// Every number (and address) of `part` is one of `whole`; names are not looked at.
[[nodiscard]] bool contains(const Value& whole, const Value& part);

/// The low 1, 2, 4 or 8 bytes of a number, zero- or sign-extended.
[[nodiscard]] Value low_bytes(const Value& value, unsigned bytes);
[[nodiscard]] Value signed_low_bytes(const Value& value, unsigned bytes);

/// What the arithmetic instruction makes of two numbers; of add and sub also where `a` is an
/// address, as distances.
[[nodiscard]] Value arithmetic(const Instruction& instruction, const Value& a, const Value& b);

/// Narrows numbers `a` and `b` by the branch's condition having been found true, or false.
/// False: it cannot be found so.
[[nodiscard]] bool assume(const Instruction& branch, bool holds, Value& a, Value& b);

}  // namespace kernel::code::verify

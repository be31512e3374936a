#pragma once

/// Logarithm and power of two in fixed point: what random variates are made with.
///
/// Why integers: a program has no libm, and one bit of difference between two machines would
/// change every history after it. Integer arithmetic has no modes and no contraction.
///
///     Log: 2^-48 units, 0..64          log2 takes one bit of the result a squaring
///     fraction: 2^-63 units, (0, 1]    exp2 multiplies the factors 2^-(2^-i) of the bits
///
/// Source: D. E. Knuth, "The Art of Computer Programming 1", exercises 1.2.2-25 and 1.2.2-28.
/// Bounds on errors stand with each function; tests/unit/load holds them.

#include <array>
#include <bit>
#include <cstdint>

#include "kernel/base/assert.hpp"

namespace libos::load {

using Wide = unsigned __int128;

inline constexpr unsigned log_bits = 48;
using Log = std::uint64_t;  ///< a logarithm to base 2, not negative, in units of 2^-log_bits

/// log2(number), at most 2^-47 too small. Not of 0.
[[nodiscard]] constexpr Log log2(std::uint64_t number) {
    CHITIN_ASSERT(number != 0);
    const int zeros = std::countl_zero(number);
    std::uint64_t part = number << zeros;  // in [1, 2), units of 2^-63
    Log result = static_cast<Log>(63 - zeros);
    for (unsigned bit = 0; bit < log_bits; ++bit) {
        const Wide square = static_cast<Wide>(part) * part;  // in [1, 4), units of 2^-126
        const auto two = static_cast<unsigned>(square >> 127);
        part = static_cast<std::uint64_t>(square >> (63 + two));
        result = result << 1 | two;
    }
    return result;
}

/// -log2(number / 2^64): of a fraction below 1; at most 2^-47 too large. Not of 0.
[[nodiscard]] constexpr Log minus_log2(std::uint64_t fraction) {
    return (Log{64} << log_bits) - log2(fraction);
}

[[nodiscard]] constexpr std::uint64_t square_root(Wide number) {
    std::uint64_t root = 0;
    for (int bit = 63; bit >= 0; --bit) {
        const std::uint64_t trial = root | std::uint64_t{1} << bit;
        if (static_cast<Wide>(trial) * trial <= number) root = trial;
    }
    return root;
}

/// 2^-(2^-i) for i = 1.., in units of 2^-64, rounded down.
inline constexpr std::array<std::uint64_t, log_bits> exp2_factors = [] {
    std::array<std::uint64_t, log_bits> factors{};
    Wide last = static_cast<Wide>(1) << 63;  // one half
    for (std::uint64_t& factor : factors) {
        factor = square_root(last << 64);
        last = factor;
    }
    return factors;
}();

/// 2^-exponent in units of 2^-63, at most 2^-55 of its value too small (and a unit).
[[nodiscard]] constexpr std::uint64_t exp2_minus(Log exponent) {
    std::uint64_t product = std::uint64_t{1} << 63;
    for (unsigned i = 0; i < log_bits; ++i) {
        if ((exponent >> (log_bits - 1 - i) & 1) == 0) continue;
        product = static_cast<std::uint64_t>((static_cast<Wide>(product) * exp2_factors[i]) >> 64);
    }
    const Log whole = exponent >> log_bits;
    return whole < 64 ? product >> whole : 0;
}

/// number * 2^exponent, rounded down, 2^63 where it would be more.
[[nodiscard]] constexpr std::uint64_t times_exp2(std::uint64_t number, Log exponent) {
    constexpr std::uint64_t most = std::uint64_t{1} << 63;
    const Log up = (exponent + ((Log{1} << log_bits) - 1)) >> log_bits;
    if (up > 63) return number == 0 ? 0 : most;
    const Wide product = static_cast<Wide>(number) * exp2_minus((up << log_bits) - exponent);
    const Wide result = product >> (63 - up);
    return result < most ? static_cast<std::uint64_t>(result) : most;
}

/// mean * -ln(fraction / 2^64), rounded to the nearest: an exponential variate of a uniform one.
[[nodiscard]] constexpr std::uint64_t times_minus_ln(std::uint64_t mean, std::uint64_t fraction) {
    constexpr std::uint64_t ln2 = 0xb172'17f7'd1cf'79ab;  // units of 2^-64
    const Wide natural = (static_cast<Wide>(minus_log2(fraction)) * ln2) >> 64;
    return static_cast<std::uint64_t>((mean * natural + (Wide{1} << (log_bits - 1))) >> log_bits);
}

}  // namespace libos::load

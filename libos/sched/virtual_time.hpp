#pragma once

/// Virtual time: service divided by weight. What stride, fair and eevdf keep.
///
/// Why 128 bits: a nanosecond of a task of weight 1 is 2^20 units, so that weights up to 2^20
/// lose less than a unit a step, and nothing ever wraps.

#include <algorithm>
#include <compare>
#include <cstdint>

#include "libos/sched/scheduler.hpp"

namespace libos::sched {

inline constexpr std::uint64_t weight_max = std::uint64_t{1} << 20;

struct VirtualTime {
    unsigned __int128 units = 0;

    friend constexpr auto operator<=>(const VirtualTime&, const VirtualTime&) = default;
    friend constexpr VirtualTime operator+(VirtualTime start, std::uint64_t units) {
        return {start.units + units};
    }
    /// Not before the beginning.
    friend constexpr VirtualTime operator-(VirtualTime start, std::uint64_t units) {
        return {start.units > units ? start.units - units : 0};
    }
};

/// floor(units * times / parts), without division of 128 bits. Saturates at 2^63.
[[nodiscard]] constexpr std::uint64_t scaled(std::uint64_t units, std::uint64_t times,
                                             std::uint64_t parts) {
    constexpr std::uint64_t most = std::uint64_t{1} << 63;
    const unsigned __int128 whole = static_cast<unsigned __int128>(units / parts) * times;
    if (whole >= most) return most;
    return static_cast<std::uint64_t>(whole) + units % parts * times / parts;
}

/// The virtual length of `ran` for a weight (or a sum of weights, below 2^44).
[[nodiscard]] constexpr std::uint64_t virtual_length(Nanoseconds ran, std::uint64_t weight) {
    return scaled(ran.value, weight_max, weight);
}

/// A weight within 1..weight_max.
[[nodiscard]] constexpr std::uint64_t bounded_weight(std::uint32_t weight) {
    return std::clamp<std::uint64_t>(weight, 1, weight_max);
}

}  // namespace libos::sched

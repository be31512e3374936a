#pragma once

/// Arithmetic on instants and spans that never wraps: what is out of range is the last instant,
/// the unbounded span, or nothing left.

#include "libos/sched/scheduler.hpp"

namespace libos::sched {

[[nodiscard]] constexpr Instant after(Instant start, Nanoseconds span) {
    const std::uint64_t room = kernel::abi::never.value - start.value;
    return span.value < room ? Instant{start.value + span.value} : kernel::abi::never;
}

/// From `now` to `end`; nothing where that has passed.
[[nodiscard]] constexpr Nanoseconds until(Instant end, Instant now) {
    return Nanoseconds{end > now ? end.value - now.value : 0};
}

/// `span` less what `ran` of it; nothing where all of it is used.
[[nodiscard]] constexpr Nanoseconds less(Nanoseconds span, Nanoseconds ran) {
    return Nanoseconds{span > ran ? span.value - ran.value : 0};
}

[[nodiscard]] constexpr bool used_up(Nanoseconds span, Nanoseconds ran) { return ran >= span; }

}  // namespace libos::sched

// Order: the least and the greatest of two, by value.
//
// Why not std::min: its references keep what it compares in memory where it is not inlined.
#pragma once

namespace kernel::base {

template <class T>
[[gnu::always_inline]] constexpr T min(T left, T right) {
    return right < left ? right : left;
}
template <class T>
[[gnu::always_inline]] constexpr T max(T left, T right) {
    return left < right ? right : left;
}

}  // namespace kernel::base

#pragma once

/// The random stream: 64 bits a draw, the same on every machine.
///
/// Why split by purpose: arrivals and service times each draw from a stream of their own, so two
/// policies with one seed see the same jobs (common random numbers), and another draw in one
/// place moves no other place.
///
/// Source: SplitMix64, G. L. Steele, D. Lea and C. H. Flood, OOPSLA 2014.

#include <cstdint>

namespace libos::load {

class Random {
public:
    constexpr explicit Random(std::uint64_t seed) : state_{seed} {}

    /// The stream of `purpose` under `seed`.
    constexpr Random(std::uint64_t seed, std::uint64_t purpose)
        : state_{mixed(mixed(seed) ^ mixed(purpose + increment))} {}

    constexpr std::uint64_t draw() { return mixed(state_ += increment); }

    /// Below `bound`, which is not 0. Its bias is below bound / 2^64.
    constexpr std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(draw()) * bound) >> 64);
    }

private:
    static constexpr std::uint64_t increment = 0x9e3779b97f4a7c15;

    static constexpr std::uint64_t mixed(std::uint64_t value) {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    std::uint64_t state_;
};

}  // namespace libos::load

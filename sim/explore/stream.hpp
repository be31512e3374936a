#pragma once

/// Stream: random numbers for one purpose of one run.
///
/// Why split by purpose: a draw more in one place moves no other. SplitMix64 (Steele, Lea, Flood,
/// Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).

#include <cstdint>

namespace sim::explore {

class Stream {
public:
    Stream(std::uint64_t seed, std::uint64_t purpose)
        : state_{mix(mix(seed) + purpose * golden_gamma)} {}

    std::uint64_t next() { return mix(state_ += golden_gamma); }
    /// 0..bound-1; `bound` is not 0. The bias is below bound / 2^64.
    std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
    }
    bool one_in(std::uint64_t many) { return below(many) == 0; }
    /// Between 1 and 2^bits - 1, each power of two as likely.
    std::uint64_t logarithmic(std::uint32_t bits) {
        const std::uint64_t low = std::uint64_t{1} << below(bits);
        return low + below(low);
    }

private:
    static constexpr std::uint64_t golden_gamma = 0x9e37'79b9'7f4a'7c15;

    static constexpr std::uint64_t mix(std::uint64_t word) {
        word = (word ^ (word >> 30)) * 0xbf58'476d'1ce4'e5b9;
        word = (word ^ (word >> 27)) * 0x94d0'49bb'1331'11eb;
        return word ^ (word >> 31);
    }

    std::uint64_t state_;
};

}  // namespace sim::explore

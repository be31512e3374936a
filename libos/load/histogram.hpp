#pragma once

/// The log histogram: how often each value was seen, to a fixed relative precision.
///
/// Why: a tail is a few of very many values. Fixed memory whatever is recorded, O(1) a value,
/// and histograms of one shape add up, over seeds and cores.
///
///     precision 2:  |0|1|2|3|4|5|6|7|8 9|10 11|12 13|14 15|16..19|20..23|...
///     4 buckets to each doubling; a bucket of values from v on is at most v * 2^-precision wide
///
/// No coordinated omission: whoever records a latency takes it from the instant a request was
/// due, not from when the server came to it (G. Tene, "How not to measure latency", 2013).
///
/// Invariants: count() is the number of values recorded; percentile() is at or above the true
/// one, by at most a 2^-precision part of it, and never above max(). Source: log-linear buckets
/// as in HdrHistogram (G. Tene, 2012).

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "kernel/base/arena.hpp"

namespace libos::load {

class Histogram {
public:
    static constexpr unsigned precision_max = 14;

    [[nodiscard]] static constexpr std::size_t buckets(unsigned precision) {
        return std::size_t{65 - precision} << precision;
    }
    [[nodiscard]] static constexpr std::size_t bytes(unsigned precision) {
        return kernel::base::Arena::room<std::uint64_t>(buckets(precision));
    }

    Histogram(kernel::base::Arena& arena, unsigned precision)
        : precision_{precision}, counts_{arena.take<std::uint64_t>(buckets(precision))} {
        CHITIN_ASSERT(precision <= precision_max);
    }

    void record(std::uint64_t value) {
        ++counts_[bucket_of(value)];
        ++count_;
        sum_ += value;
        max_ = std::max(max_, value);
    }

    /// Adds what `other`, of the same precision, recorded.
    void merge(const Histogram& other) {
        CHITIN_ASSERT(other.precision_ == precision_);
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
        count_ += other.count_;
        sum_ += other.sum_;
        max_ = std::max(max_, other.max_);
    }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    /// Rounded down, exact otherwise; 0 of nothing.
    [[nodiscard]] std::uint64_t mean() const {
        if (count_ == 0) return 0;
        // Bit by bit: the compiler's own division of 128 bits is a function that is not here.
        unsigned __int128 rest = sum_;
        std::uint64_t quotient = 0;
        for (int bit = 63; bit >= 0; --bit) {
            const unsigned __int128 part = static_cast<unsigned __int128>(count_) << bit;
            if (rest < part) continue;
            rest -= part;
            quotient |= std::uint64_t{1} << bit;
        }
        return quotient;
    }

    /// The least value that `ppm` of a million values are at or below; 0 of nothing.
    [[nodiscard]] std::uint64_t percentile(std::uint32_t ppm) const {
        constexpr std::uint64_t million = 1'000'000;
        const std::uint64_t rank = count_ / million * ppm +
                                   (count_ % million * ppm + million - 1) / million;
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen >= rank && seen > 0) return std::min(last_of(i), max_);
        }
        return max_;
    }

private:
    [[nodiscard]] std::size_t bucket_of(std::uint64_t value) const {
        const auto width = static_cast<unsigned>(std::bit_width(value));
        const unsigned shift = width > precision_ + 1 ? width - precision_ - 1 : 0;
        return (std::size_t{shift} << precision_) + static_cast<std::size_t>(value >> shift);
    }

    /// The largest value of a bucket.
    [[nodiscard]] std::uint64_t last_of(std::size_t bucket) const {
        const std::size_t half = std::size_t{1} << precision_;
        if (bucket < 2 * half) return bucket;
        const auto shift = static_cast<unsigned>((bucket >> precision_) - 1);
        const std::uint64_t first = static_cast<std::uint64_t>(half + (bucket & (half - 1)))
                                    << shift;
        return first + ((std::uint64_t{1} << shift) - 1);
    }

    unsigned precision_;
    std::span<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    unsigned __int128 sum_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace libos::load

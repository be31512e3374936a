#pragma once

/// Service times: how long each request's work is.
///
///     fixed         always the same
///     exponential   without memory: the M of M/M/1
///     bimodal       many short ones, a few long ones
///     pareto        a heavy tail, bounded above
///     trace         what was recorded, round and round
///
/// Invariants: a draw is at least 1 ns; a function of the seed and the draws before alone.
/// Source of the bounded Pareto: M. Harchol-Balter, "Performance Modeling and Design of Computer
/// Systems", 2013, section 20.2.

#include <algorithm>
#include <cstdint>
#include <span>

#include "kernel/abi/types.hpp"
#include "libos/load/fixed_math.hpp"
#include "libos/load/random.hpp"

namespace libos::load {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;

enum class ServiceKind : std::uint8_t { fixed, exponential, bimodal, pareto, trace };

inline constexpr std::uint64_t ppm = 1'000'000;
inline constexpr std::uint64_t service_ns_max = std::uint64_t{1} << 40;  ///< 18 minutes

inline constexpr std::uint32_t alpha_milli_max = 10'000;

class Service {
public:
    static Service fixed(Nanoseconds size) { return {ServiceKind::fixed, size, size}; }
    static Service exponential(Nanoseconds mean) {
        return {ServiceKind::exponential, mean, Nanoseconds{0}};
    }
    /// `long_ppm` of a million are `large`.
    static Service bimodal(Nanoseconds small, Nanoseconds large, std::uint64_t long_ppm) {
        CHITIN_ASSERT(long_ppm <= ppm);
        Service made{ServiceKind::bimodal, small, large};
        made.long_ppm_ = long_ppm;
        return made;
    }
    /// P(size > x) falls as x^-alpha from `least` on, cut off at `most`. Alpha in thousandths.
    static Service pareto(Nanoseconds least, Nanoseconds most, std::uint32_t alpha_milli) {
        CHITIN_ASSERT(least.value > 0 && least < most);
        CHITIN_ASSERT(alpha_milli > 0 && alpha_milli <= alpha_milli_max);
        Service made{ServiceKind::pareto, least, most};
        made.alpha_milli_ = alpha_milli;
        // exp2_minus is in units of 2^-63; the part that is left in units of 2^-64.
        const std::uint64_t rest = exp2_minus(times_milli(made.log_range(), alpha_milli));
        made.part_ = ~std::uint64_t{0} - (rest << 1);
        return made;
    }
    /// Not empty, and it outlives the service.
    static Service trace(std::span<const Nanoseconds> sizes) {
        CHITIN_ASSERT(!sizes.empty());
        Service made{ServiceKind::trace, sizes[0], sizes[0]};
        made.sizes_ = sizes;
        return made;
    }

    [[nodiscard]] ServiceKind kind() const { return kind_; }

    [[nodiscard]] Nanoseconds draw(Random& random) {
        return Nanoseconds{std::max<std::uint64_t>(1, size(random))};
    }

    /// The expectation, rounded down.
    [[nodiscard]] Nanoseconds mean() const {
        switch (kind_) {
            case ServiceKind::fixed:
            case ServiceKind::exponential: return first_;
            case ServiceKind::bimodal:
                return Nanoseconds{(first_.value * (ppm - long_ppm_) + second_.value * long_ppm_) /
                                   ppm};
            case ServiceKind::pareto: return pareto_mean();
            case ServiceKind::trace: return trace_mean();
        }
        return first_;
    }

private:
    Service(ServiceKind kind, Nanoseconds first, Nanoseconds second)
        : kind_{kind}, first_{first}, second_{second} {
        CHITIN_ASSERT(first.value <= service_ns_max && second.value <= service_ns_max);
    }

    [[nodiscard]] std::uint64_t size(Random& random) {
        switch (kind_) {
            case ServiceKind::fixed: return first_.value;
            case ServiceKind::exponential: return times_minus_ln(first_.value, random.draw() | 1);
            case ServiceKind::bimodal:
                return random.below(ppm) < long_ppm_ ? second_.value : first_.value;
            case ServiceKind::pareto: return pareto_size(random.draw());
            case ServiceKind::trace: break;
        }
        const Nanoseconds next = sizes_[at_];
        at_ = at_ + 1 < sizes_.size() ? at_ + 1 : 0;
        return next.value;
    }

    [[nodiscard]] Log log_range() const { return log2(second_.value) - log2(first_.value); }

    /// The distribution function's inverse: least * (1 - u * (1 - (least/most)^alpha))^(-1/alpha).
    [[nodiscard]] std::uint64_t pareto_size(std::uint64_t uniform) const {
        const Wide taken = (static_cast<Wide>(uniform) * part_) >> 64;
        const std::uint64_t left = ~static_cast<std::uint64_t>(taken);
        const Log exponent = minus_log2(left | 1) * 1000 / alpha_milli_;  // below 2^64
        return std::min(times_exp2(first_.value, exponent), second_.value);
    }

    /// least * alpha / (alpha-1) * (1 - r^(alpha-1)) / (1 - r^alpha), r = least / most;
    /// where alpha is 1: least * ln(1/r) / (1 - r). IEEE doubles, of which only + - * / are used.
    [[nodiscard]] Nanoseconds pareto_mean() const {
        const auto least = static_cast<double>(first_.value);
        const double bottom = 1 - power(alpha_milli_);
        const double alpha = alpha_milli_ / 1000.0;
        if (alpha_milli_ == 1000) {
            constexpr double ln2 = 0.693147180559945309;
            const double range = static_cast<double>(log_range()) * 0x1p-48;
            return Nanoseconds{static_cast<std::uint64_t>(least * range * ln2 / bottom)};
        }
        const double top = alpha_milli_ > 1000 ? 1 - power(alpha_milli_ - 1000)
                                               : 1 - 1 / power(1000 - alpha_milli_);
        return Nanoseconds{static_cast<std::uint64_t>(least * alpha / (alpha - 1) * top / bottom)};
    }

    /// (least / most)^(milli / 1000)
    [[nodiscard]] double power(std::uint32_t milli) const {
        return static_cast<double>(exp2_minus(times_milli(log_range(), milli))) * 0x1p-63;
    }

    [[nodiscard]] static Log times_milli(Log log, std::uint32_t milli) {
        return log / 1000 * milli + log % 1000 * milli / 1000;
    }

    [[nodiscard]] Nanoseconds trace_mean() const {
        std::uint64_t sum = 0;
        for (const Nanoseconds size : sizes_) sum += size.value;
        return Nanoseconds{sum / sizes_.size()};
    }

    ServiceKind kind_;
    Nanoseconds first_;   ///< the size, the mean, the small one, or the least
    Nanoseconds second_;  ///< the large one, or the most
    std::uint64_t long_ppm_ = 0;
    std::uint32_t alpha_milli_ = 0;
    std::uint64_t part_ = 0;  ///< 1 - (least / most)^alpha, units of 2^-64
    std::span<const Nanoseconds> sizes_;
    std::size_t at_ = 0;
};

}  // namespace libos::load

#pragma once

/// RANDOM: evict any resident page, all equally likely.
///
/// Why: the null hypothesis. It has no bad access pattern, and a policy that loses to it on a
/// workload is misled by that workload.
///
/// Source: Belady 1966 (as FIFO). The stream is SplitMix64 (G. L. Steele et al., OOPSLA 2014),
/// seeded by Config::seed: same seed, same victims. O(1) each.
///
///     pages[0..size) are the resident pages in no order; places[p] = index + 1, or 0

#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/policy/replacement.hpp"

namespace libos::policy {

class Random {
public:
    static constexpr std::string_view name = "random";
    static constexpr std::string_view summary = "evict any page, all equally likely";
    static constexpr std::string_view paper = "Belady 1966";

    static constexpr std::size_t bytes(const Config& config) {
        using kernel::base::Arena;
        return Arena::room<PageId>(config.pages) + Arena::room<std::uint32_t>(config.pages);
    }

    Random(kernel::base::Arena& arena, const Config& config)
        : pages_{arena.take<PageId>(config.pages)},
          places_{arena.take<std::uint32_t>(config.pages)},
          state_{config.seed} {}

    void hit(PageId page, Hint) { CHITIN_ASSERT(places_[position(page)] != 0); }

    PageId evict(PageId) {
        CHITIN_ASSERT(size_ > 0);
        const PageId victim = pages_[below(size_)];
        remove(victim);
        return victim;
    }

    void insert(PageId page, Hint) {
        CHITIN_ASSERT(places_[position(page)] == 0);
        pages_[size_] = page;
        places_[position(page)] = ++size_;
    }

    void remove(PageId page) {
        CHITIN_ASSERT(places_[position(page)] != 0);
        const std::uint32_t at = places_[position(page)] - 1;
        const PageId last = pages_[--size_];
        pages_[at] = last;
        places_[position(last)] = at + 1;
        places_[position(page)] = 0;
    }

    void resize(std::uint64_t) {}
    void tick() {}

private:
    std::uint64_t draw() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    /// Below `bound`, by fixed-point multiplication; its bias is below bound / 2^32.
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((draw() >> 32) * bound) >> 32);
    }

    std::span<PageId> pages_;
    std::span<std::uint32_t> places_;
    std::uint32_t size_ = 0;
    std::uint64_t state_;
};

}  // namespace libos::policy

#pragma once

/// The cache: one policy driven by every reference of a stream, counting misses.
///
/// Why: it is the smallest mechanism of the family, and the one a trace replay needs: residency,
/// weights, room, and the clock interval. A pager does the same with real frames.
///
/// Invariants: weights_[p] is not 0 exactly while p is resident; used() is their sum and never
/// exceeds the capacity between calls.
///
/// One clock interval lasts as many references as pages were resident when it began, at least
/// `interval_min`: the time in which a policy could have seen every resident page once.
/// A page heavier than the whole cache is a miss and is not admitted. A page's weight is that of
/// the reference that brought it in, until it is evicted.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/policy/replacement.hpp"

namespace libos::policy {

template <Replacement P>
class Cache {
public:
    static constexpr std::uint64_t interval_min = 64;

    /// Bytes of arena that the cache and its policy take.
    static constexpr std::size_t bytes(const Config& config) {
        return P::bytes(config) + kernel::base::Arena::room<std::uint32_t>(config.pages);
    }

    Cache(kernel::base::Arena& arena, const Config& config)
        : policy_{arena, config},
          weights_{arena.take<std::uint32_t>(config.pages)},
          capacity_{config.capacity} {}

    /// One reference to `page`. True on a hit; on a miss the page is resident afterwards unless
    /// it is heavier than the capacity.
    bool reference(PageId page, const Hint& hint) {
        CHITIN_ASSERT(position(page) < weights_.size());
        pass_time();
        if (resident(page)) {
            policy_.hit(page, hint);
            return true;
        }
        ++misses_;
        admit(page, hint);
        return false;
    }

    /// `page` leaves for a reason other than room; nothing happens if it is not resident.
    void remove(PageId page) {
        if (!resident(page)) return;
        policy_.remove(page);
        forget(page);
    }

    void resize(std::uint64_t capacity) {
        capacity_ = capacity;
        policy_.resize(capacity);
        while (used_ > capacity_) evict(no_page);
    }

    [[nodiscard]] bool resident(PageId page) const { return weights_[position(page)] != 0; }
    [[nodiscard]] std::uint64_t misses() const { return misses_; }
    [[nodiscard]] std::uint64_t used() const { return used_; }
    [[nodiscard]] std::uint64_t capacity() const { return capacity_; }
    [[nodiscard]] std::uint32_t resident_pages() const { return resident_pages_; }

private:
    void admit(PageId page, const Hint& hint) {
        CHITIN_ASSERT(hint.weight > 0);
        if (hint.weight > capacity_) return;
        while (used_ + hint.weight > capacity_) evict(page);
        policy_.insert(page, hint);
        weights_[position(page)] = hint.weight;
        used_ += hint.weight;
        ++resident_pages_;
    }

    void evict(PageId incoming) {
        CHITIN_ASSERT(resident_pages_ > 0);
        const PageId victim = policy_.evict(incoming);
        CHITIN_ASSERT(position(victim) < weights_.size() && resident(victim));
        forget(victim);
    }

    void forget(PageId page) {
        used_ -= weights_[position(page)];
        weights_[position(page)] = 0;
        --resident_pages_;
    }

    void pass_time() {
        if (until_tick_-- > 0) return;
        policy_.tick();
        until_tick_ = std::max<std::uint64_t>(resident_pages_, interval_min) - 1;
    }

    P policy_;
    std::span<std::uint32_t> weights_;
    std::uint64_t capacity_;
    std::uint64_t used_ = 0;
    std::uint64_t misses_ = 0;
    std::uint64_t until_tick_ = interval_min;
    std::uint32_t resident_pages_ = 0;
};

}  // namespace libos::policy

#pragma once

/// SIEVE: a FIFO queue and a hand that sweeps it from oldest to newest, evicting the first page
/// not visited since the hand last passed. Unlike CLOCK, a page passed over stays in its place, so
/// new pages are tried soon and old popular ones are left alone.
///
/// Why: the simplest policy known to beat LRU on skewed, one-hit-heavy workloads. It is weak on
/// loops and scans of a page-cache kind: it does not resist them by itself.
///
/// Source: Y. Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1. An evict clears
/// at most `resident` bits, each set by one earlier hit.

#include "libos/policy/single_queue.hpp"

namespace libos::policy {

class Sieve : public SingleQueue {
public:
    static constexpr std::string_view name = "sieve";
    static constexpr std::string_view summary = "a hand sweeps a FIFO and keeps visited pages";
    static constexpr std::string_view paper = "Zhang et al. NSDI 2024";

    using SingleQueue::SingleQueue;

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(node(page).tag == resident);
        node(page).count = 1;
    }

    PageId evict(PageId) {
        CHITIN_ASSERT(!queue_.empty());
        PageId candidate = hand_ == no_page ? queue_.oldest() : hand_;
        while (node(candidate).count != 0) {
            node(candidate).count = 0;
            candidate = queue_.newer_round(candidate);
        }
        hand_ = queue_.newer(candidate);
        return leave(candidate);
    }

    void insert(PageId page, Hint hint) { arrive(page, hint); }

    void remove(PageId page) {
        if (hand_ == page) hand_ = queue_.newer(page);
        leave(page);
    }

private:
    PageId hand_ = no_page;  ///< where the next sweep begins; no_page: at the oldest
};

}  // namespace libos::policy

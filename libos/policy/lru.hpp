#pragma once

/// LRU: evict the page whose last use is longest ago.
///
/// Why: the yardstick. A stack algorithm: its misses never rise with capacity. A pager that sees
/// only harvested bits gives it the order of harvest, which makes it an approximation there.
///
/// Source: R. L. Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems
/// Journal 9(2), 1970. O(1) each.

#include "libos/policy/single_queue.hpp"

namespace libos::policy {

class Lru : public SingleQueue {
public:
    static constexpr std::string_view name = "lru";
    static constexpr std::string_view summary = "evict the page not used for longest";
    static constexpr std::string_view paper = "Mattson et al. 1970";

    using SingleQueue::SingleQueue;

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(node(page).tag == resident);
        queue_.renew(page);
    }

    PageId evict(PageId) { return leave(queue_.oldest()); }
    void insert(PageId page, Hint hint) { arrive(page, hint); }
};

}  // namespace libos::policy

#pragma once

/// MRU: evict the page used last.
///
/// Why: the best choice for a loop larger than memory, the worst for nearly all else: it shows
/// in an experiment that the right policy is the application's to know.
///
/// Source: H.-T. Chou and D. J. DeWitt, "An evaluation of buffer management strategies for
/// relational database systems", VLDB 1985, section 2. O(1) each.

#include "libos/policy/single_queue.hpp"

namespace libos::policy {

class Mru : public SingleQueue {
public:
    static constexpr std::string_view name = "mru";
    static constexpr std::string_view summary = "evict the page used last";
    static constexpr std::string_view paper = "Chou and DeWitt 1985";

    using SingleQueue::SingleQueue;

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(node(page).tag == resident);
        queue_.renew(page);
    }

    PageId evict(PageId) { return leave(queue_.newest()); }
    void insert(PageId page, Hint hint) { arrive(page, hint); }
};

}  // namespace libos::policy

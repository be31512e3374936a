#pragma once

/// FIFO: evict the page that has been resident longest, whatever its use.
///
/// Why: the floor of the family. It needs no reference information, and it is what every
/// clock-like policy decays to when all pages look alike.
///
/// Source: L. A. Belady, "A study of replacement algorithms for a virtual-storage computer",
/// IBM Systems Journal 5(2), 1966. O(1) each.

#include "libos/policy/single_queue.hpp"

namespace libos::policy {

class Fifo : public SingleQueue {
public:
    static constexpr std::string_view name = "fifo";
    static constexpr std::string_view summary = "evict the page resident longest";
    static constexpr std::string_view paper = "Belady 1966";

    using SingleQueue::SingleQueue;

    void hit(PageId page, Hint) { CHITIN_ASSERT(node(page).tag == resident); }
    PageId evict(PageId) { return leave(queue_.oldest()); }
    void insert(PageId page, Hint hint) { arrive(page, hint); }
};

}  // namespace libos::policy

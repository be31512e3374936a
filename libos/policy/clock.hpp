#pragma once

/// CLOCK: FIFO with a second chance. The hand passes over a page whose reference bit is set,
/// clears the bit, and evicts the first page it finds with the bit clear.
///
/// Why: LRU's hit must move a page; CLOCK's only sets a bit, which hardware does for us.
///
/// One template, two names, since the literature disagrees about a page just brought in:
/// clock0 inserts with the bit clear (the fault is not a reuse), clock1 with it set (the faulting
/// instruction refers to the page once more, as on real hardware).
///
/// Source: F. J. Corbato, "A paging experiment with the Multics system", MIT Project MAC report
/// MAC-M-384, 1968. The ring is a queue: the hand is at its oldest end, and passing over a page
/// moves it to the newest. An evict clears at most `resident` bits, each set by one earlier hit.

#include "libos/policy/single_queue.hpp"

namespace libos::policy {

template <bool bit_on_insert>
class Clock : public SingleQueue {
public:
    static constexpr std::string_view name = bit_on_insert ? "clock1" : "clock0";
    static constexpr std::string_view summary =
        bit_on_insert ? "second chance; a new page's reference bit is set"
                      : "second chance; a new page's reference bit is clear";
    static constexpr std::string_view paper = "Corbato 1968";

    using SingleQueue::SingleQueue;

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(node(page).tag == resident);
        node(page).count = 1;
    }

    PageId evict(PageId) {
        CHITIN_ASSERT(!queue_.empty());
        while (node(queue_.oldest()).count != 0) {
            node(queue_.oldest()).count = 0;
            queue_.renew(queue_.oldest());
        }
        return leave(queue_.oldest());
    }

    void insert(PageId page, Hint hint) { arrive(page, hint, bit_on_insert ? 1 : 0); }
};

}  // namespace libos::policy

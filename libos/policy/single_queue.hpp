#pragma once

/// The single queue: what policies that keep all resident pages on one queue have in common.
///
/// Why: FIFO, LRU, MRU, clocks and SIEVE differ only in what a hit does and whom they evict. Here
/// is the rest: the nodes, arrival at the newest end, departure.
///
/// Invariant: a page is resident exactly when its node's tag is `resident`.

#include <cstdint>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class SingleQueue : public PageNodes {
public:
    using PageNodes::PageNodes;

    void remove(PageId page) { leave(page); }
    void resize(std::uint64_t) {}
    void tick() {}

protected:
    enum Place : std::uint16_t { absent, resident };

    /// `page` becomes the newest, with reference counter `count`.
    void arrive(PageId page, const Hint& hint, std::uint16_t count = 0) {
        PageNode& arriving = node(page);
        CHITIN_ASSERT(arriving.tag == absent);
        arriving.count = count;
        arriving.weight = hint.weight;
        enter(page, queue_, resident);
    }

    PageId leave(PageId page) {
        CHITIN_ASSERT(page != no_page);
        CHITIN_ASSERT(tag(page) == resident);
        return PageNodes::leave(page, queue_);
    }

    PageQueue queue_{nodes_};
};

}  // namespace libos::policy

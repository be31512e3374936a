#pragma once

/// The page nodes: one PageNode for every page of the universe, taken from the caller's arena.
///
/// Why: what every queue-based policy begins with.
///
/// Invariant: node(p).tag is 0 exactly while p is on none of the policy's queues.

#include <cstddef>
#include <span>

#include "libos/policy/page_queue.hpp"
#include "libos/policy/replacement.hpp"

namespace libos::policy {

class PageNodes {
public:
    static constexpr std::size_t bytes(const Config& config) {
        return kernel::base::Arena::room<PageNode>(config.pages);
    }

    PageNodes(kernel::base::Arena& arena, const Config& config)
        : nodes_{arena.take<PageNode>(config.pages)} {}

protected:
    [[nodiscard]] PageNode& node(PageId page) { return nodes_[position(page)]; }
    [[nodiscard]] std::uint16_t tag(PageId page) const { return nodes_[position(page)].tag; }

    void enter(PageId page, PageQueue& queue, std::uint16_t tag) {
        node(page).tag = tag;
        queue.push_newest(page);
    }

    PageId leave(PageId page, PageQueue& queue) {
        CHITIN_ASSERT(page != no_page);
        queue.erase(page);
        node(page).tag = 0;
        return page;
    }

    /// From one queue to the newest end of another.
    PageId move(PageId page, PageQueue& from, PageQueue& to, std::uint16_t tag) {
        from.erase(page);
        enter(page, to, tag);
        return page;
    }

    std::span<PageNode> nodes_;
};

}  // namespace libos::policy

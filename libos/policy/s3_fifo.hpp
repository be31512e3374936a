#pragma once

/// S3-FIFO: three FIFO queues. New pages enter a small one; those referenced there move to the
/// main one, the others leave and only their names stay on the ghost queue. A page missed while
/// its name is there enters the main queue, which gives second chances as a clock does.
///
/// Why: quick demotion of one-hit wonders with no queue operation on a hit.
///
/// Source: J. Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023,
/// algorithm 1. Where the paper leaves room, the authors' simulator (libCacheSim) is followed:
///  - small 10% of capacity, main the rest, ghost 90% of capacity in weight of remembered pages;
///  - a page moves from small to main after 2 hits or more, counter 0 again;
///  - the main queue is cut only when it holds more than its share, otherwise the small one is, so
///    while memory fills every new page is on the small queue, beyond its share.
/// Evict is O(1) amortised over hits: each page passed over loses at least one counted hit.

#include <algorithm>
#include <cstdint>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class S3Fifo : public PageNodes {
public:
    static constexpr std::string_view name = "s3-fifo";
    static constexpr std::string_view summary = "small, main and ghost FIFO queues";
    static constexpr std::string_view paper = "Yang et al. SOSP 2023";

    static constexpr std::uint16_t hits_to_promote = 2;
    static constexpr std::uint16_t count_max = 3;

    S3Fifo(kernel::base::Arena& arena, const Config& config) : PageNodes{arena, config} {
        resize(config.capacity);
    }

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) == in_small || tag(page) == in_main);
        node(page).count = std::min<std::uint16_t>(node(page).count + 1, count_max);
    }

    PageId evict(PageId incoming) {
        CHITIN_ASSERT(!small_.empty() || !main_.empty());
        if (incoming != no_page) recall(incoming);
        PageId victim = no_page;
        while (victim == no_page) {
            const bool cut_main = !main_.empty() && main_.weight() > main_limit_;
            victim = cut_main || small_.empty() ? evict_main() : evict_small();
        }
        return victim;
    }

    void insert(PageId page, Hint hint) {
        recall(page);
        CHITIN_ASSERT(tag(page) == absent || tag(page) == recalled);
        const bool to_main = tag(page) == recalled;
        node(page).weight = hint.weight;
        node(page).count = 0;
        enter(page, to_main ? main_ : small_, to_main ? in_main : in_small);
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) == in_small || tag(page) == in_main);
        leave(page, tag(page) == in_small ? small_ : main_);
    }

    void resize(std::uint64_t capacity) {
        small_limit_ = capacity / 10;
        main_limit_ = capacity - small_limit_;
        ghost_limit_ = capacity / 10 * 9 + capacity % 10 * 9 / 10;
        trim();
    }

    void tick() {}

private:
    enum Place : std::uint16_t { absent, in_small, in_main, remembered, recalled };

    void recall(PageId page) {
        if (tag(page) != remembered) return;
        leave(page, ghost_);
        node(page).tag = recalled;
    }

    /// Promote until one page must go; no_page if all were promoted.
    PageId evict_small() {
        while (!small_.empty()) {
            const PageId page = small_.oldest();
            if (node(page).count < hits_to_promote) {
                move(page, small_, ghost_, remembered);
                trim();
                return page;
            }
            node(page).count = 0;
            move(page, small_, main_, in_main);
        }
        return no_page;
    }

    PageId evict_main() {
        while (node(main_.oldest()).count != 0) {
            --node(main_.oldest()).count;
            main_.renew(main_.oldest());
        }
        return leave(main_.oldest(), main_);
    }

    void trim() {
        while (ghost_.weight() > ghost_limit_) leave(ghost_.oldest(), ghost_);
    }

    std::uint64_t small_limit_ = 0;
    std::uint64_t main_limit_ = 0;
    std::uint64_t ghost_limit_ = 0;
    PageQueue small_{nodes_};
    PageQueue main_{nodes_};
    PageQueue ghost_{nodes_};
};

}  // namespace libos::policy

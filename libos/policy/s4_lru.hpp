#pragma once

/// S4LRU: four LRU segments of a quarter each. A hit moves a page up one segment; what a segment
/// overflows with moves to the newest end of the one below; the lowest is evicted from.
///
/// Why: a page must be hit three times to reach the top, so protection is earned by degrees.
///
/// Source: Q. Huang et al., "An analysis of Facebook photo caching", SOSP 2013, section 6.1. As in
/// libCacheSim, a new page enters the lowest segment that has room for it, which matters only
/// while memory fills; a segment's share is capacity / 4 rounded down. What is left over belongs
/// to the lowest segment here, which never overflows by itself: libCacheSim, when capacity is
/// no multiple of 4, evicts on a hit there, which this family's contract has no place for.
/// A hit costs at most three moves, with weights as many as the pages that must make room.

#include <array>
#include <cstddef>
#include <cstdint>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class S4Lru : public PageNodes {
public:
    static constexpr std::string_view name = "s4lru";
    static constexpr std::string_view summary = "four LRU segments, promotion by one on a hit";
    static constexpr std::string_view paper = "Huang et al. SOSP 2013";

    static constexpr std::size_t segment_count = 4;

    S4Lru(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, segment_limit_{config.capacity / segment_count} {}

    void hit(PageId page, Hint) {
        const std::size_t from = segment_of(page);
        const std::size_t to = from + 1 < segment_count ? from + 1 : from;
        move_to(page, from, to);
        cool(to);
    }

    PageId evict(PageId) {
        for (PageQueue& segment : segments_) {
            if (!segment.empty()) return leave(segment.oldest(), segment);
        }
        CHITIN_ASSERT(!"a page is resident");
        return no_page;
    }

    void insert(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) == 0);
        node(page).weight = hint.weight;
        std::size_t to = 0;
        while (to < segment_count && segments_[to].weight() + hint.weight > segment_limit_) ++to;
        if (to == segment_count) to = 0;
        enter(page, segments_[to], tag_of(to));
    }

    void remove(PageId page) { leave(page, segments_[segment_of(page)]); }

    void resize(std::uint64_t capacity) {
        segment_limit_ = capacity / segment_count;
        cool(segment_count - 1);
    }

    void tick() {}

private:
    [[nodiscard]] std::size_t segment_of(PageId page) const {
        CHITIN_ASSERT(tag(page) != 0);
        return tag(page) - std::size_t{1};
    }

    static constexpr std::uint16_t tag_of(std::size_t segment) {
        return static_cast<std::uint16_t>(segment + 1);
    }

    void move_to(PageId page, std::size_t from, std::size_t to) {
        move(page, segments_[from], segments_[to], tag_of(to));
    }

    /// Pass down what exceeds a segment's share, from segment `top` to the one above the lowest.
    void cool(std::size_t top) {
        for (std::size_t from = top; from > 0; --from) {
            while (segments_[from].weight() > segment_limit_) {
                move_to(segments_[from].oldest(), from, from - 1);
            }
        }
    }

    std::uint64_t segment_limit_;
    std::array<PageQueue, segment_count> segments_{PageQueue{nodes_}, PageQueue{nodes_},
                                                   PageQueue{nodes_}, PageQueue{nodes_}};
};

}  // namespace libos::policy

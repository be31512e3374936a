#pragma once

/// LFU: evict the page referenced least often since it became resident; among equals, the one
/// whose count has stood longest.
///
/// Why: frequency alone, without ageing or memory of evicted pages: the other extreme from LRU.
/// Pages popular long ago stay for good, which its misses show.
///
/// Source: E. G. Coffman and P. J. Denning, "Operating Systems Theory", 1973, section 6.3
/// (in-cache LFU). O(log resident) each.

#include <cstddef>
#include <cstdint>

#include "libos/policy/page_heap.hpp"

namespace libos::policy {

class Lfu {
public:
    static constexpr std::string_view name = "lfu";
    static constexpr std::string_view summary = "evict the page referenced least often";
    static constexpr std::string_view paper = "Coffman and Denning 1973";

    static constexpr std::size_t bytes(const Config& config) {
        return PageHeap<Use>::bytes(config.pages);
    }

    Lfu(kernel::base::Arena& arena, const Config& config) : heap_{arena, config.pages} {}

    void hit(PageId page, Hint) { heap_.change(page, {heap_.key(page).count + 1, ++now_}); }
    PageId evict(PageId) { return heap_.pop(); }
    void insert(PageId page, Hint) { heap_.push(page, {1, ++now_}); }
    void remove(PageId page) { heap_.erase(page); }
    void resize(std::uint64_t) {}
    void tick() {}

private:
    struct Use {
        std::uint64_t count = 0;
        std::uint64_t since = 0;  ///< when the count became what it is

        bool operator<(const Use& other) const {
            return count != other.count ? count < other.count : since < other.since;
        }
    };

    PageHeap<Use> heap_;
    std::uint64_t now_ = 0;
};

}  // namespace libos::policy

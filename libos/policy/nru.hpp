#pragma once

/// NRU: not recently used. Pages fall into four classes by (referenced this interval, dirty), and
/// the victim comes from the lowest class that has a page.
///
/// Why: two bits that hardware keeps are enough for it, and it prefers clean victims, which cost
/// no write. It is the yardstick for a pager that gets nothing but those bits.
///
///     class 0: neither   1: dirty only   2: referenced only   3: referenced and dirty
///
/// Source: A. S. Tanenbaum, "Modern Operating Systems", section 3.4.2. There the choice within a
/// class is arbitrary; here it is the page longest in its class. A page is dirty from its first
/// write until it is evicted: the policy is not told of write-back.
///
/// tick() clears every referenced bit in O(1): class 2 is appended to 0 and 3 to 1, and a page's
/// own bit counts only if it was set since the last tick.

#include <array>
#include <cstddef>
#include <cstdint>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class Nru : public PageNodes {
public:
    static constexpr std::string_view name = "nru";
    static constexpr std::string_view summary = "evict by (referenced, dirty) class";
    static constexpr std::string_view paper = "Tanenbaum, Modern Operating Systems 3.4.2";

    static constexpr std::size_t bytes(const Config& config) {
        return PageNodes::bytes(config) + kernel::base::Arena::room<std::uint64_t>(config.pages);
    }

    Nru(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, seen_{arena.take<std::uint64_t>(config.pages)} {}

    void hit(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) != absent);
        const bool dirty = hint.write || tag(page) == resident_dirty;
        if (referenced(page) && dirty == (tag(page) == resident_dirty)) return;
        classes_[class_of(page)].erase(page);
        join(page, dirty);
    }

    PageId evict(PageId) {
        for (PageQueue& members : classes_) {
            if (!members.empty()) return leave(members.oldest(), members);
        }
        CHITIN_ASSERT(!"a page is resident");
        return no_page;
    }

    void insert(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) == absent);
        node(page).weight = hint.weight;
        join(page, hint.write);
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) != absent);
        leave(page, classes_[class_of(page)]);
    }

    void resize(std::uint64_t) {}

    void tick() {
        classes_[0].append(classes_[2]);
        classes_[1].append(classes_[3]);
        ++now_;
    }

private:
    enum Place : std::uint16_t { absent, resident_clean, resident_dirty };

    [[nodiscard]] bool referenced(PageId page) const { return seen_[position(page)] == now_; }

    [[nodiscard]] std::size_t class_of(PageId page) const {
        return (referenced(page) ? 2u : 0u) + (tag(page) == resident_dirty ? 1u : 0u);
    }

    void join(PageId page, bool dirty) {
        seen_[position(page)] = now_;
        enter(page, classes_[dirty ? 3 : 2], dirty ? resident_dirty : resident_clean);
    }

    std::span<std::uint64_t> seen_;  ///< the interval of the page's last reference
    std::array<PageQueue, 4> classes_{PageQueue{nodes_}, PageQueue{nodes_}, PageQueue{nodes_},
                                      PageQueue{nodes_}};
    std::uint64_t now_ = 1;  ///< the current interval
};

}  // namespace libos::policy

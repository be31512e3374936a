#pragma once

/// W-TinyLFU: a small LRU window in front of a segmented LRU, and a contest between them: what
/// falls out of the window replaces the main queue's victim only if it was used more often lately.
///
/// Why: the admission filter is what keeps one-time pages out, and the window is what lets a burst
/// of new ones in.
///
///     miss -> window (1%) --oldest, if it wins--> probation <-> protected (80% of main)
///
/// Source: G. Einziger, R. Friedman and B. Manes, "TinyLFU: a highly efficient cache admission
/// policy", ACM TOS 13(4), 2017, section 4. One thing differs: page ids are dense here, so each
/// page has its own 4-bit counter in place of a count-min sketch, and there are no collisions.
/// Counters are halved after 10 references for each resident page (a halving is O(1): a counter
/// is shifted by the halvings since it was written). Ties go against the newcomer. O(1) each.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class WTinyLfu : public PageNodes {
public:
    static constexpr std::string_view name = "w-tinylfu";
    static constexpr std::string_view summary = "a window, and admission by recent frequency";
    static constexpr std::string_view paper = "Einziger, Friedman and Manes TOS 2017";

    static constexpr std::uint64_t window_percent = 1;
    static constexpr std::uint64_t protected_percent = 80;
    static constexpr std::uint64_t sample_factor = 10;
    static constexpr std::uint16_t count_max = 15;
    static constexpr std::uint64_t count_bits = 4;

    static constexpr std::size_t bytes(const Config& config) {
        return PageNodes::bytes(config) + kernel::base::Arena::room<std::uint64_t>(config.pages);
    }

    WTinyLfu(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, counted_at_{arena.take<std::uint64_t>(config.pages)} {
        resize(config.capacity);
    }

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) != absent);
        record(page);
        if (tag(page) == in_probation) {
            move(page, probation_, protected_, in_protected);
            cool();
        } else {
            (tag(page) == in_window ? window_ : protected_).renew(page);
        }
    }

    PageId evict(PageId) {
        PageQueue& main = probation_.empty() ? protected_ : probation_;
        CHITIN_ASSERT(!window_.empty() || !main.empty());
        const bool window_full = window_.weight() >= window_limit_ && !window_.empty();
        if (main.empty()) return leave(window_.oldest(), window_);
        const PageId victim = main.oldest();
        if (!window_full) return leave(victim, main);
        const PageId candidate = window_.oldest();
        if (frequency(candidate) <= frequency(victim)) return leave(candidate, window_);
        leave(victim, main);
        move(candidate, window_, probation_, in_probation);
        return victim;
    }

    void insert(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) == absent);
        node(page).weight = hint.weight;
        enter(page, window_, in_window);
        record(page);
        spill();
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) != absent);
        leave(page, queue_of(page));
    }

    void resize(std::uint64_t capacity) {
        window_limit_ = std::max<std::uint64_t>(1, capacity * window_percent / 100);
        const std::uint64_t main = capacity - std::min(capacity, window_limit_);
        protected_limit_ = main * protected_percent / 100;
        spill();
        cool();
    }

    void tick() {}

private:
    enum Place : std::uint16_t { absent, in_window, in_probation, in_protected };

    [[nodiscard]] PageQueue& queue_of(PageId page) {
        return tag(page) == in_window      ? window_
               : tag(page) == in_probation ? probation_
                                           : protected_;
    }

    [[nodiscard]] std::uint16_t frequency(PageId page) {
        const std::uint64_t halvings = halvings_ - counted_at_[position(page)];
        if (halvings >= count_bits) return 0;
        return static_cast<std::uint16_t>(node(page).count >> halvings);
    }

    void record(PageId page) {
        node(page).count = std::min<std::uint16_t>(frequency(page) + 1, count_max);
        counted_at_[position(page)] = halvings_;
        const std::uint64_t resident = std::uint64_t{window_.size()} + probation_.size() +
                                       protected_.size();
        if (++sampled_ < sample_factor * resident) return;
        ++halvings_;
        sampled_ = 0;
    }

    /// What the window cannot hold goes to probation uncontested: there was room for it.
    void spill() {
        while (window_.weight() > window_limit_) {
            move(window_.oldest(), window_, probation_, in_probation);
        }
    }

    void cool() {
        while (protected_.weight() > protected_limit_) {
            move(protected_.oldest(), protected_, probation_, in_probation);
        }
    }

    std::span<std::uint64_t> counted_at_;  ///< halvings when the page's counter was written
    std::uint64_t window_limit_ = 0;
    std::uint64_t protected_limit_ = 0;
    std::uint64_t halvings_ = 0;
    std::uint64_t sampled_ = 0;
    PageQueue window_{nodes_};
    PageQueue probation_{nodes_};
    PageQueue protected_{nodes_};
};

}  // namespace libos::policy

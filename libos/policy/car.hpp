#pragma once

/// CAR: ARC with clocks. T1 and T2 are clocks instead of LRU queues, so a hit only sets a bit.
///
/// Why: ARC moves a page on every hit, which a pager with an accessed bit cannot do.
///
/// A page on T1 found referenced moves to T2; one on T2 found referenced goes round again. B1 and
/// B2 remember the names evicted from each, as in ARC, and move the target p of T1.
///
/// Source: S. Bansal and D. S. Modha, "CAR: clock with adaptive replacement", FAST 2004, figure 2.
/// p is a real number and moves when the page is inserted, after the victim was chosen. Sizes are
/// weights. Evict is O(1) amortised: it clears bits that hits set.

#include <algorithm>
#include <cstdint>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class Car : public PageNodes {
public:
    static constexpr std::string_view name = "car";
    static constexpr std::string_view summary = "ARC with clocks: a hit only sets a bit";
    static constexpr std::string_view paper = "Bansal and Modha FAST 2004";

    Car(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, capacity_{config.capacity} {}

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) == in_t1 || tag(page) == in_t2);
        node(page).count = 1;
    }

    PageId evict(PageId) {
        CHITIN_ASSERT(!t1_.empty() || !t2_.empty());
        for (;;) {  // ends: each turn but the last clears a reference bit
            const double t1 = static_cast<double>(t1_.weight());
            const bool first = t2_.empty() || (!t1_.empty() && t1 >= std::max(1.0, target_));
            PageQueue& clock = first ? t1_ : t2_;
            const PageId page = clock.oldest();
            if (node(page).count == 0) return move(page, clock, first ? b1_ : b2_,
                                                   first ? in_b1 : in_b2);
            node(page).count = 0;
            move(page, clock, t2_, in_t2);
        }
    }

    void insert(PageId page, Hint hint) {
        const bool back = tag(page) == in_b1 || tag(page) == in_b2;
        CHITIN_ASSERT(back || tag(page) == absent);
        if (back) adapt(page);
        node(page).weight = hint.weight;
        node(page).count = 0;
        if (!back) forget_for(hint.weight);
        enter(page, back ? t2_ : t1_, back ? in_t2 : in_t1);
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) == in_t1 || tag(page) == in_t2);
        leave(page, tag(page) == in_t1 ? t1_ : t2_);
    }

    void resize(std::uint64_t capacity) {
        capacity_ = capacity;
        target_ = std::min(target_, static_cast<double>(capacity));
        forget_for(0);
    }

    void tick() {}

private:
    enum Place : std::uint16_t { absent, in_t1, in_t2, in_b1, in_b2 };

    [[nodiscard]] std::uint64_t weight() const {
        return t1_.weight() + b1_.weight() + t2_.weight() + b2_.weight();
    }

    void adapt(PageId page) {
        const double b1 = static_cast<double>(b1_.weight());
        const double b2 = static_cast<double>(b2_.weight());
        const double step = node(page).weight;
        if (tag(page) == in_b1) {
            target_ = std::min(target_ + step * std::max(1.0, b2 / b1),
                               static_cast<double>(capacity_));
            leave(page, b1_);
        } else {
            target_ = std::max(target_ - step * std::max(1.0, b1 / b2), 0.0);
            leave(page, b2_);
        }
    }

    /// Keep |T1| + |B1| <= c and all four <= 2c with `arriving` more on T1.
    void forget_for(std::uint32_t arriving) {
        while (!b1_.empty() && t1_.weight() + b1_.weight() + arriving > capacity_) {
            leave(b1_.oldest(), b1_);
        }
        while (!b2_.empty() && weight() + arriving > 2 * capacity_) leave(b2_.oldest(), b2_);
    }

    std::uint64_t capacity_;
    double target_ = 0.0;  ///< p: the weight T1 should have
    PageQueue t1_{nodes_};
    PageQueue t2_{nodes_};
    PageQueue b1_{nodes_};
    PageQueue b2_{nodes_};
};

}  // namespace libos::policy

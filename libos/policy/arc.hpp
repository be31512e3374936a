#pragma once

/// ARC: two LRU queues, T1 for pages seen once lately and T2 for pages seen at least twice, and
/// the names of pages lately evicted from each, B1 and B2. A miss found in B1 says T1 was too
/// short, one found in B2 says T2 was: the target size p of T1 follows.
///
/// Why: it adapts between recency and frequency without a parameter, and a scan only passes
/// through T1.
///
///     L1 = [ T1 newest .. oldest | B1 newest .. oldest ]     |T1| + |B1| <= c
///     L2 = [ T2 newest .. oldest | B2 newest .. oldest ]     all four    <= 2c
///
/// Source: N. Megiddo and D. S. Modha, "ARC: a self-tuning, low overhead replacement cache",
/// FAST 2003, figure 4, with p a real number. p moves when a ghost is first asked about: at
/// evict(incoming), or at insert() where there was room. O(1) each, amortised. With weights, which
/// the paper does not treat, sizes are weights and p moves by the returning page's weight.

#include <algorithm>
#include <cstdint>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class Arc : public PageNodes {
public:
    static constexpr std::string_view name = "arc";
    static constexpr std::string_view summary = "balances recency and frequency by its own misses";
    static constexpr std::string_view paper = "Megiddo and Modha FAST 2003";

    Arc(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, capacity_{config.capacity} {}

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) == in_t1 || tag(page) == in_t2);
        move(page, tag(page) == in_t1 ? t1_ : t2_, t2_, in_t2);
    }

    PageId evict(PageId incoming) {
        CHITIN_ASSERT(!t1_.empty() || !t2_.empty());
        if (incoming != no_page) adapt(incoming);
        const std::uint16_t came = incoming == no_page ? std::uint16_t{absent} : tag(incoming);
        if (came == from_b1 || came == from_b2) return replace(came == from_b2);
        if (t1_.weight() + b1_.weight() >= capacity_) {
            if (b1_.empty() && !t1_.empty()) return leave(t1_.oldest(), t1_);
            if (!b1_.empty()) leave(b1_.oldest(), b1_);
        } else if (weight() >= 2 * capacity_ && !b2_.empty()) {
            leave(b2_.oldest(), b2_);
        }
        return replace(false);
    }

    void insert(PageId page, Hint hint) {
        adapt(page);
        CHITIN_ASSERT(tag(page) == absent || tag(page) == from_b1 || tag(page) == from_b2);
        node(page).weight = hint.weight;
        const bool back = tag(page) != absent;
        enter(page, back ? t2_ : t1_, back ? in_t2 : in_t1);
        trim();
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) == in_t1 || tag(page) == in_t2);
        leave(page, tag(page) == in_t1 ? t1_ : t2_);
    }

    void resize(std::uint64_t capacity) {
        capacity_ = capacity;
        target_ = std::min(target_, static_cast<double>(capacity));
        trim();
    }

    void tick() {}

private:
    enum Place : std::uint16_t { absent, in_t1, in_t2, in_b1, in_b2, from_b1, from_b2 };

    [[nodiscard]] std::uint64_t weight() const {
        return t1_.weight() + b1_.weight() + t2_.weight() + b2_.weight();
    }

    /// Cases II and III: move p towards the list that would have kept `page`, and take it off.
    void adapt(PageId page) {
        const double b1 = static_cast<double>(b1_.weight());
        const double b2 = static_cast<double>(b2_.weight());
        const double step = node(page).weight;
        if (tag(page) == in_b1) {
            target_ = std::min(target_ + step * std::max(1.0, b2 / b1),
                               static_cast<double>(capacity_));
            leave(page, b1_);
            node(page).tag = from_b1;
        } else if (tag(page) == in_b2) {
            target_ = std::max(target_ - step * std::max(1.0, b1 / b2), 0.0);
            leave(page, b2_);
            node(page).tag = from_b2;
        }
    }

    /// REPLACE of figure 4.
    PageId replace(bool incoming_from_b2) {
        const double t1 = static_cast<double>(t1_.weight());
        const bool over = t1 > target_ || (incoming_from_b2 && t1 == target_);
        if (!t1_.empty() && (over || t2_.empty())) return move(t1_.oldest(), t1_, b1_, in_b1);
        return move(t2_.oldest(), t2_, b2_, in_b2);
    }

    /// Restore the bounds on the lists where pages came without an evict, left, or c shrank.
    void trim() {
        while (!b1_.empty() && t1_.weight() + b1_.weight() > capacity_) leave(b1_.oldest(), b1_);
        while (!b2_.empty() && weight() > 2 * capacity_) leave(b2_.oldest(), b2_);
    }

    std::uint64_t capacity_;
    double target_ = 0.0;  ///< p: the weight T1 should have
    PageQueue t1_{nodes_};
    PageQueue t2_{nodes_};
    PageQueue b1_{nodes_};
    PageQueue b2_{nodes_};
};

}  // namespace libos::policy

#pragma once

/// LIRS: low inter-reference recency set. Pages whose last two references lie close together are
/// LIR and hold nearly all of memory; the others, HIR, share a small rest and go first.
///
/// Why: it ranks pages by the distance between references, not by the last one, so loops larger
/// than memory and scans do not flush the pages worth keeping.
///
///     S (newest .. oldest): LIR, resident HIR and names of evicted HIR; its oldest is a LIR page
///     Q (newest .. oldest): resident HIR; its oldest is the victim
///
/// A HIR page referenced while on S is closer to its last reference than S's oldest LIR page is
/// to its own: the two change roles.
///
/// Source: S. Jiang and X. Zhang, "LIRS", SIGMETRICS 2002, section 3.3. Behaviour follows Jiang's
/// own simulator: HIR pages get 1% of capacity, at least 2 units, and an immediately repeated
/// reference to the same page counts as one. S is bounded by the universe, not by a multiple of
/// capacity. O(1) amortised: pruning removes what earlier references pushed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class Lirs : public PageNodes {
public:
    static constexpr std::string_view name = "lirs";
    static constexpr std::string_view summary = "keep pages with short inter-reference distances";
    static constexpr std::string_view paper = "Jiang and Zhang SIGMETRICS 2002";

    static constexpr std::uint64_t hir_percent = 1;
    static constexpr std::uint64_t hir_units_min = 2;

    static constexpr std::size_t bytes(const Config& config) {
        return 2 * PageNodes::bytes(config);
    }

    Lirs(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, queue_nodes_{arena.take<PageNode>(config.pages)} {
        resize(config.capacity);
    }

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) == lir || tag(page) == hir);
        if (page == last_) return;
        last_ = page;
        if (tag(page) == lir) {
            stack_.renew(page);
            prune();
        } else if (on_stack(page)) {
            queue_.erase(page);
            promote(page);
        } else {
            push_stack(page);
            queue_.renew(page);
        }
    }

    PageId evict(PageId) {
        CHITIN_ASSERT(!queue_.empty() || lir_weight_ > 0);
        if (queue_.empty()) return drop_lir(stack_.oldest());
        const PageId victim = queue_.pop_oldest();
        node(victim).tag = on_stack(victim) ? remembered : absent;
        return victim;
    }

    void insert(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) == absent || tag(page) == remembered);
        const bool close = tag(page) == remembered;
        if (close) pop_stack(page);
        last_ = page;
        node(page).weight = hint.weight;
        queue_nodes_[position(page)].weight = hint.weight;
        if (close || lir_weight_ + hint.weight <= lir_limit_) {
            promote(page);
        } else {
            node(page).tag = hir;
            push_stack(page);
            queue_.push_newest(page);
            prune();
        }
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) == lir || tag(page) == hir);
        if (page == last_) last_ = no_page;
        if (tag(page) == lir) {
            drop_lir(page);
            return;
        }
        queue_.erase(page);
        if (on_stack(page)) pop_stack(page);
        node(page).tag = absent;
    }

    void resize(std::uint64_t capacity) {
        const std::uint64_t hir_share = capacity * hir_percent / 100;
        lir_limit_ = capacity - std::min(capacity, std::max(hir_share, hir_units_min));
        demote_excess();
    }

    void tick() {}

private:
    enum Place : std::uint16_t { absent, lir, hir, remembered };

    [[nodiscard]] bool on_stack(PageId page) { return node(page).count != 0; }

    void push_stack(PageId page) {
        node(page).count = 1;
        stack_.push_newest(page);
    }

    void pop_stack(PageId page) {
        node(page).count = 0;
        stack_.erase(page);
    }

    /// `page`, resident and off Q, becomes LIR and S's newest.
    void promote(PageId page) {
        if (on_stack(page)) pop_stack(page);
        push_stack(page);
        node(page).tag = lir;
        lir_weight_ += node(page).weight;
        demote_excess();
    }

    void demote_excess() {
        while (lir_weight_ > lir_limit_) {
            const PageId page = stack_.oldest();
            CHITIN_ASSERT(tag(page) == lir);
            lir_weight_ -= node(page).weight;
            pop_stack(page);
            node(page).tag = hir;
            queue_.push_newest(page);
            prune();
        }
    }

    PageId drop_lir(PageId page) {
        CHITIN_ASSERT(tag(page) == lir);
        lir_weight_ -= node(page).weight;
        pop_stack(page);
        node(page).tag = absent;
        prune();
        return page;
    }

    /// Restore S's invariant: its oldest page is LIR.
    void prune() {
        while (!stack_.empty() && tag(stack_.oldest()) != lir) {
            const PageId page = stack_.oldest();
            pop_stack(page);
            if (tag(page) == remembered) node(page).tag = absent;
        }
    }

    std::span<PageNode> queue_nodes_;
    PageQueue stack_{nodes_};
    PageQueue queue_{queue_nodes_};
    std::uint64_t lir_limit_ = 0;
    std::uint64_t lir_weight_ = 0;
    PageId last_ = no_page;  ///< the page of the last reference
};

}  // namespace libos::policy

#pragma once

/// CLOCK-Pro: LIRS with a clock. Hot and cold pages share one ring with the names of cold pages
/// evicted during their test period; three hands sweep it, and a hit only sets a reference bit.
///
/// Why: LIRS moves pages on every hit, which a pager with an accessed bit cannot do.
///
///     ring, oldest to newest; every hand moves towards the newest, then round to the oldest
///     cold hand: the victim; a cold page re-referenced in its test period becomes hot
///     hot hand:  turns the first unreferenced hot page cold, and ends tests on its way
///     test hand: ends the test of cold pages, and forgets names beyond capacity
///
/// Source: S. Jiang, F. Chen and X. Zhang, "CLOCK-Pro: an effective improvement of the CLOCK
/// replacement", USENIX ATC 2005, section 4. Behaviour follows Jiang's own simulator with a fixed
/// cold share (`cold_percent`, at least 2 units); the paper's adaptation of that share is not
/// done. As there, a cold page out of its test goes even if referenced, and an immediately
/// repeated reference to the same page counts as one.
///
/// Evict is bounded by a few rounds of the ring, at most 2 * capacity long in weight.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class ClockPro : public PageNodes {
public:
    static constexpr std::string_view name = "clock-pro";
    static constexpr std::string_view summary = "LIRS with a clock: a hit only sets a bit";
    static constexpr std::string_view paper = "Jiang, Chen and Zhang ATC 2005";

    static constexpr std::uint64_t cold_percent_default = 5;
    static constexpr std::uint64_t cold_units_min = 2;

    ClockPro(kernel::base::Arena& arena, const Config& config,
             std::uint64_t cold_percent = cold_percent_default)
        : PageNodes{arena, config}, cold_percent_{cold_percent} {
        CHITIN_ASSERT(cold_percent <= 100);
        set_limits(config.capacity);
    }

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) == hot || tag(page) == cold);
        if (page == last_) return;
        last_ = page;
        node(page).count |= referenced;
    }

    PageId evict(PageId) {
        CHITIN_ASSERT(hot_count_ + cold_count_ > 0);
        for (;;) {  // ends: each turn evicts, clears a reference bit, or makes a hot page cold
            if (cold_count_ == 0) sweep_hot(no_page);
            cold_hand_ = next_cold(cold_hand_);
            const PageId page = cold_hand_;
            if (node(page).count != (referenced | in_test)) return evict_cold(page);
            const Sweep sweep = sweep_hot(page);
            if (!sweep.met || sweep.demoted) promote(page);
            if (cold_count_ > 0) cold_hand_ = next_cold(cold_hand_);
        }
    }

    void insert(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) == absent || tag(page) == remembered);
        last_ = page;
        bool to_hot = hot_weight_ + hint.weight <= hot_limit_;
        if (!to_hot && tag(page) == remembered) {
            const Sweep sweep = sweep_hot(page);
            to_hot = !sweep.met || sweep.demoted;
        }
        if (tag(page) == remembered) forget(page);
        node(page).weight = hint.weight;
        to_hot ? enter_hot(page) : enter_cold(page, in_test);
        cool_excess();
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) == hot || tag(page) == cold);
        if (page == last_) last_ = no_page;
        take_off(page);
    }

    void resize(std::uint64_t capacity) {
        set_limits(capacity);
        cool_excess();
        limit_names();
    }

    void tick() {}

private:
    enum Place : std::uint16_t { absent, hot, cold, remembered };
    enum Mark : std::uint16_t { referenced = 1, in_test = 2 };

    /// What the hot hand did: passed the page it was asked about, turned a hot page cold.
    struct Sweep {
        bool met = false;
        bool demoted = false;
    };

    void set_limits(std::uint64_t capacity) {
        const std::uint64_t share = std::max(capacity * cold_percent_ / 100, cold_units_min);
        hot_limit_ = capacity - std::min(capacity, share);
        name_limit_ = capacity;
    }

    void enter_hot(PageId page) {
        node(page).count = 0;
        enter(page, ring_, hot);
        ++hot_count_;
        hot_weight_ += node(page).weight;
    }

    void enter_cold(PageId page, std::uint16_t marks) {
        node(page).count = marks;
        enter(page, ring_, cold);
        ++cold_count_;
    }

    /// Off the ring, with no hand left pointing at it.
    void take_off(PageId page) {
        const PageId next = ring_.size() == 1 ? no_page : ring_.newer_round(page);
        for (PageId* hand : {&hot_hand_, &cold_hand_, &test_hand_}) {
            if (*hand == page) *hand = next;
        }
        uncount(page);
        leave(page, ring_);
        node(page).count = 0;
    }

    void uncount(PageId page) {
        if (tag(page) == hot) {
            --hot_count_;
            hot_weight_ -= node(page).weight;
        } else if (tag(page) == cold) {
            --cold_count_;
        } else {
            name_weight_ -= node(page).weight;
        }
    }

    void forget(PageId page) { take_off(page); }

    void promote(PageId page) {
        take_off(page);
        enter_hot(page);
        cool_excess();
    }

    /// With weights a promotion may need more room than the one demotion that paid for it.
    void cool_excess() {
        while (hot_weight_ > hot_limit_) sweep_hot(no_page);
    }

    PageId evict_cold(PageId page) {
        cold_hand_ = ring_.newer_round(page);
        if (node(page).count & in_test) {
            --cold_count_;
            node(page).tag = remembered;
            name_weight_ += node(page).weight;
        } else {
            take_off(page);
        }
        if (cold_count_ > 0) cold_hand_ = next_cold(cold_hand_);
        limit_names();
        return page;
    }

    [[nodiscard]] PageId start(PageId hand) const {
        return hand == no_page ? ring_.oldest() : hand;
    }

    [[nodiscard]] PageId next_cold(PageId hand) const {
        CHITIN_ASSERT(cold_count_ > 0);
        PageId page = start(hand);
        while (tag(page) != cold) page = ring_.newer_round(page);
        return page;
    }

    Sweep sweep_hot(PageId asked) {
        Sweep sweep;
        if (hot_count_ == 0) return sweep;
        hot_hand_ = start(hot_hand_);
        test_hand_ = start(test_hand_);
        bool done = false;
        while (!done || (hot_count_ > 0 && tag(hot_hand_) != hot)) {
            const PageId page = hot_hand_;
            if (tag(page) == hot) {
                const bool demote = !(node(page).count & referenced);
                sweep.demoted |= demote;
                done |= demote;
                take_off(page);
                demote ? enter_cold(page, 0) : enter_hot(page);
            } else {
                sweep.met |= page == asked;
                done |= page == asked;
                hot_hand_ = ring_.newer_round(page);
            }
            hot_hand_ = start(hot_hand_);
            test_hand_ = start(test_hand_);
            if (test_hand_ != hot_hand_ && ring_.newer_round(test_hand_) == hot_hand_) {
                step_test();
                limit_names();
            }
        }
        return sweep;
    }

    void end_test(PageId page) {
        if (tag(page) == cold) node(page).count = 0;
    }

    /// The hot hand has passed the test hand: push it one page on.
    void step_test() {
        const PageId page = test_hand_;
        test_hand_ = ring_.newer_round(page);
        end_test(page);
        if (tag(page) == remembered) forget(page);
    }

    void limit_names() {
        while (name_weight_ > name_limit_) {
            test_hand_ = start(test_hand_);
            while (tag(test_hand_) != remembered) {
                end_test(test_hand_);
                test_hand_ = ring_.newer_round(test_hand_);
            }
            forget(test_hand_);
        }
    }

    std::uint64_t cold_percent_;
    std::uint64_t hot_limit_ = 0;
    std::uint64_t name_limit_ = 0;
    std::uint64_t hot_weight_ = 0;
    std::uint64_t name_weight_ = 0;
    std::uint32_t hot_count_ = 0;
    std::uint32_t cold_count_ = 0;
    PageId last_ = no_page;  ///< the page of the last reference
    PageId hot_hand_ = no_page;
    PageId cold_hand_ = no_page;
    PageId test_hand_ = no_page;
    PageQueue ring_{nodes_};
};

}  // namespace libos::policy

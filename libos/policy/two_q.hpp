#pragma once

/// 2Q (full version): a page's first stay is on a short FIFO, A1in. Evicted from there, its name
/// is remembered on A1out; only a page missed while remembered enters Am, an LRU queue.
///
/// Why: pages touched once, and in one burst, never disturb the hot set.
///
///     miss -> A1in --evicted--> A1out (names only) --missed again--> Am --evicted--> forgotten
///
/// Source: T. Johnson and D. Shasha, "2Q: a low overhead high performance buffer management
/// replacement algorithm", VLDB 1994, "2Q, full version", with its suggested Kin = capacity / 4
/// and Kout = capacity / 2 (at least 1 each). A hit on A1in changes nothing. The incoming page
/// leaves A1out before a victim's name enters it, so its own name is never pushed out. O(1) each.

#include <algorithm>
#include <cstdint>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class TwoQ : public PageNodes {
public:
    static constexpr std::string_view name = "2q";
    static constexpr std::string_view summary = "a FIFO on trial, then LRU for what came back";
    static constexpr std::string_view paper = "Johnson and Shasha 1994";

    TwoQ(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, capacity_{config.capacity} {}

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) == on_trial || tag(page) == proven);
        if (tag(page) == proven) am_.renew(page);
    }

    PageId evict(PageId incoming) {
        CHITIN_ASSERT(!a1in_.empty() || !am_.empty());
        if (incoming != no_page) recall(incoming);
        if (am_.empty() || (!a1in_.empty() && a1in_.weight() > trial_limit())) {
            const PageId victim = move(a1in_.oldest(), a1in_, a1out_, remembered);
            trim();
            return victim;
        }
        return leave(am_.oldest(), am_);
    }

    void insert(PageId page, Hint hint) {
        recall(page);
        CHITIN_ASSERT(tag(page) == absent || tag(page) == recalled);
        const bool back = tag(page) == recalled;
        node(page).weight = hint.weight;
        enter(page, back ? am_ : a1in_, back ? proven : on_trial);
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) == on_trial || tag(page) == proven);
        leave(page, tag(page) == proven ? am_ : a1in_);
    }

    void resize(std::uint64_t capacity) {
        capacity_ = capacity;
        trim();
    }

    void tick() {}

private:
    enum Place : std::uint16_t { absent, on_trial, proven, remembered, recalled };

    [[nodiscard]] std::uint64_t trial_limit() const {
        return std::max<std::uint64_t>(1, capacity_ / 4);
    }

    [[nodiscard]] std::uint64_t memory_limit() const {
        return std::max<std::uint64_t>(1, capacity_ / 2);
    }

    /// A missed page that is remembered will enter Am: note that, and forget its name.
    void recall(PageId page) {
        if (tag(page) != remembered) return;
        leave(page, a1out_);
        node(page).tag = recalled;
    }

    void trim() {
        while (a1out_.weight() > memory_limit()) leave(a1out_.oldest(), a1out_);
    }

    std::uint64_t capacity_;
    PageQueue a1in_{nodes_};
    PageQueue a1out_{nodes_};
    PageQueue am_{nodes_};
};

}  // namespace libos::policy

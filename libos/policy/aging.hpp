#pragma once

/// Aging: each page has a counter of referenced bits, one per clock interval, newest bit on top.
/// Evict the page with the least counter.
///
/// Why: the software approximation of LRU for hardware with only an accessed bit: with 8 past
/// intervals it tells "used in the last interval" from "used long ago", which one bit cannot.
///
/// Source: A. S. Tanenbaum, "Modern Operating Systems", section 3.4.7. Two facts are made
/// precise here: the current interval's bit counts as the top bit (so a page just used or brought
/// in is not the next victim), and among equals the page longest in its bucket goes.
///
///     rank = [ R | b7 b6 b5 b4 b3 b2 b1 b0 ]    R: referenced in this interval; evict least rank
///
/// tick() shifts every counter right at once, in O(512) whatever the number of pages: the buckets
/// of ranks 2k and 2k+1 become rank k. A node holds the rank it had at interval `since`; its rank
/// now is that, shifted by the intervals passed.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class Aging : public PageNodes {
public:
    static constexpr std::string_view name = "aging";
    static constexpr std::string_view summary = "evict the least shifted counter of accessed bits";
    static constexpr std::string_view paper = "Tanenbaum, Modern Operating Systems 3.4.7";

    static constexpr std::size_t bytes(const Config& config) {
        return PageNodes::bytes(config) + kernel::base::Arena::room<std::uint64_t>(config.pages);
    }

    Aging(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config},
          since_{arena.take<std::uint64_t>(config.pages)},
          buckets_{empty_buckets(nodes_, std::make_index_sequence<rank_count>{})} {}

    void hit(PageId page, Hint) {
        CHITIN_ASSERT(tag(page) == resident);
        const std::uint16_t rank = rank_now(page);
        if (rank & referenced) return;
        pull(page);
        place(page, rank | referenced);
    }

    PageId evict(PageId) {
        for (std::size_t word = 0; word < occupied_.size(); ++word) {
            if (occupied_[word] == 0) continue;
            const auto bit = static_cast<std::size_t>(std::countr_zero(occupied_[word]));
            const PageId victim = buckets_[word * 64 + bit].oldest();
            return pull(victim);
        }
        CHITIN_ASSERT(!"a page is resident");
        return no_page;
    }

    void insert(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) == absent);
        node(page).weight = hint.weight;
        place(page, referenced);
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) == resident);
        pull(page);
    }

    void resize(std::uint64_t) {}

    void tick() {
        for (std::size_t rank = 0; rank < referenced; ++rank) {
            PageQueue merged{nodes_};
            merged.append(buckets_[2 * rank]);
            merged.append(buckets_[2 * rank + 1]);
            buckets_[rank] = merged;  // 2 * rank >= rank: nothing unread is overwritten
            mark(rank);
        }
        for (std::size_t rank = referenced; rank < rank_count; ++rank) mark(rank);
        ++now_;
    }

private:
    enum Place : std::uint16_t { absent, resident };
    static constexpr std::uint16_t referenced = 256;
    static constexpr std::size_t rank_count = 512;
    static constexpr std::uint64_t rank_bits = 9;

    using Buckets = std::array<PageQueue, rank_count>;

    template <std::size_t... rank>
    static Buckets empty_buckets(std::span<PageNode> nodes, std::index_sequence<rank...>) {
        return {((void)rank, PageQueue{nodes})...};
    }

    [[nodiscard]] std::uint16_t rank_now(PageId page) {
        const std::uint64_t passed = now_ - since_[position(page)];
        return passed >= rank_bits ? std::uint16_t{0}
                                   : static_cast<std::uint16_t>(node(page).count >> passed);
    }

    void place(PageId page, std::uint16_t rank) {
        node(page).count = rank;
        since_[position(page)] = now_;
        enter(page, buckets_[rank], resident);
        mark(rank);
    }

    PageId pull(PageId page) {
        const std::uint16_t rank = rank_now(page);
        leave(page, buckets_[rank]);
        mark(rank);
        return page;
    }

    void mark(std::size_t rank) {
        const std::uint64_t bit = std::uint64_t{1} << (rank % 64);
        std::uint64_t& word = occupied_[rank / 64];
        word = buckets_[rank].empty() ? word & ~bit : word | bit;
    }

    std::span<std::uint64_t> since_;
    Buckets buckets_;
    std::array<std::uint64_t, rank_count / 64> occupied_{};  ///< a bit per bucket: not empty
    std::uint64_t now_ = 0;
};

}  // namespace libos::policy

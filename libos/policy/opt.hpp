#pragma once

/// OPT (MIN): evict the page whose next use is farthest in the future.
///
/// Why: the bound. With equal weights and every missed page brought in, no policy misses less. It
/// must be told the future: Hint::next_use on every hit and insert, as a replay can. Without it
/// every page looks unused for ever, and the choice is arbitrary (but deterministic).
///
/// Source: Belady 1966, MIN; Mattson et al. 1970, section "Optimal replacement". Among pages
/// never used again, the largest id goes first. With weights it is not optimal: that problem is
/// NP-hard. O(log resident) each.

#include <cstddef>
#include <cstdint>

#include "libos/policy/page_heap.hpp"

namespace libos::policy {

class Opt {
public:
    static constexpr std::string_view name = "opt";
    static constexpr std::string_view summary = "evict the page used farthest in the future";
    static constexpr std::string_view paper = "Belady 1966; Mattson et al. 1970";
    static constexpr bool needs_next_use = true;

    static constexpr std::size_t bytes(const Config& config) {
        return PageHeap<NextUse>::bytes(config.pages);
    }

    Opt(kernel::base::Arena& arena, const Config& config) : heap_{arena, config.pages} {}

    void hit(PageId page, Hint hint) { heap_.change(page, {hint.next_use, page}); }
    PageId evict(PageId) { return heap_.pop(); }
    void insert(PageId page, Hint hint) { heap_.push(page, {hint.next_use, page}); }
    void remove(PageId page) { heap_.erase(page); }
    void resize(std::uint64_t) {}
    void tick() {}

private:
    struct NextUse {
        std::uint64_t at = never;
        PageId page = no_page;

        bool operator<(const NextUse& other) const {
            return at != other.at ? at > other.at : page > other.page;
        }
    };

    PageHeap<NextUse> heap_;
};

}  // namespace libos::policy

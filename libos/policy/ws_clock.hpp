#pragma once

/// WSClock: a clock over the resident pages that evicts a page outside the working set, one not
/// referenced for `working_set_ticks` intervals.
///
/// Why: the working-set policy without its scan of all pages, and with CLOCK's single hand. It
/// prefers clean pages: an old dirty one is passed over once, as if its write had been started,
/// and is treated as clean when the hand has passed it again.
///
/// Source: R. W. Carr and J. L. Hennessy, "WSClock: a simple and effective algorithm for virtual
/// memory management", SOSP 1981, section 4. Virtual time is the caller's tick() count. Theirs
/// searches the full circle before it gives up; here a search ends after `scan_max` pages, or an
/// evict would cost O(resident) whenever the working set exceeds memory. It then takes the page it
/// saw that was least recently used (a clean one if any of that age), which theirs leaves to load
/// control.
///
/// Node use: count is the reference bit; tag says clean, dirty, or being written.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/policy/page_nodes.hpp"

namespace libos::policy {

class WsClock : public PageNodes {
public:
    static constexpr std::string_view name = "wsclock";
    static constexpr std::string_view summary = "a clock that evicts outside the working set";
    static constexpr std::string_view paper = "Carr and Hennessy 1981";

    static constexpr std::uint64_t working_set_ticks = 2;
    static constexpr std::uint32_t scan_max = 64;

    static constexpr std::size_t bytes(const Config& config) {
        return PageNodes::bytes(config) + kernel::base::Arena::room<std::uint64_t>(config.pages);
    }

    WsClock(kernel::base::Arena& arena, const Config& config)
        : PageNodes{arena, config}, used_at_{arena.take<std::uint64_t>(config.pages)} {}

    void hit(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) != absent);
        node(page).count = 1;
        if (hint.write) node(page).tag = resident_dirty;
    }

    /// The hand is at the ring's oldest page; passing over a page makes it the newest.
    PageId evict(PageId) {
        CHITIN_ASSERT(!ring_.empty());
        PageId best = no_page;
        const std::uint32_t scan = std::min(ring_.size(), scan_max);
        for (std::uint32_t step = 0; step < scan; ++step) {
            const PageId page = ring_.oldest();
            inspect(page);
            if (old(page) && clean(page)) return leave(page, ring_);
            if (old(page)) start_write(page);
            if (best == no_page || preferred(page, best)) best = page;
            ring_.renew(page);
        }
        return leave(best, ring_);
    }

    void insert(PageId page, Hint hint) {
        CHITIN_ASSERT(tag(page) == absent);
        node(page).weight = hint.weight;
        node(page).count = 0;
        used_at_[position(page)] = now_;
        enter(page, ring_, hint.write ? resident_dirty : resident_clean);
    }

    void remove(PageId page) {
        CHITIN_ASSERT(tag(page) != absent);
        leave(page, ring_);
    }

    void resize(std::uint64_t) {}
    void tick() { ++now_; }

private:
    enum Place : std::uint16_t { absent, resident_clean, resident_dirty, being_written };

    void inspect(PageId page) {
        if (node(page).count == 0) return;
        node(page).count = 0;
        used_at_[position(page)] = now_;
    }

    [[nodiscard]] bool old(PageId page) const {
        return now_ - used_at_[position(page)] >= working_set_ticks;
    }

    [[nodiscard]] bool clean(PageId page) const { return tag(page) == resident_clean; }

    /// The first pass over an old dirty page starts its write; a later pass finds it done.
    void start_write(PageId page) {
        node(page).tag = tag(page) == being_written ? resident_clean : being_written;
    }

    [[nodiscard]] bool preferred(PageId page, PageId best) const {
        const std::uint64_t used = used_at_[position(page)];
        const std::uint64_t least = used_at_[position(best)];
        return used != least ? used < least : clean(page) && !clean(best);
    }

    std::span<std::uint64_t> used_at_;  ///< interval in which the page was last seen referenced
    PageQueue ring_{nodes_};
    std::uint64_t now_ = 0;
};

}  // namespace libos::policy

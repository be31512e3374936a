/// Policies beside the plainest program that does the same: lists searched from end to end, and
/// for OPT the search of every choice. Also small streams worked out by hand.

#include <algorithm>
#include <bit>
#include <list>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "libos/policy/clock_pro.hpp"
#include "libos/policy/cache.hpp"
#include "libos/policy/lirs.hpp"
#include "libos/policy/list.hpp"
#include "sim/testbed/misses.hpp"
#include "tests/unit/policy/streams.hpp"

namespace tests::policy {
namespace {

using sim::testbed::count_misses;
using sim::testbed::trace::Trace;

struct Entry {
    std::uint32_t page;
    bool bit;
};
using Entries = std::list<Entry>;  ///< oldest first

auto find(Entries& entries, std::uint32_t page) {
    return std::ranges::find(entries, page, &Entry::page);
}

std::uint64_t brute_lru(const Trace& trace, std::size_t capacity, bool renew, bool most_recent) {
    Entries entries;
    std::uint64_t misses = 0;
    for (const std::uint32_t page : trace.page) {
        const auto at = find(entries, page);
        if (at != entries.end()) {
            if (renew) entries.splice(entries.end(), entries, at);
            continue;
        }
        ++misses;
        if (entries.size() == capacity) most_recent ? entries.pop_back() : entries.pop_front();
        entries.push_back({page, false});
    }
    return misses;
}

std::uint64_t brute_clock(const Trace& trace, std::size_t capacity, bool bit_on_insert) {
    std::vector<Entry> ring;
    std::size_t hand = 0;
    std::uint64_t misses = 0;
    for (const std::uint32_t page : trace.page) {
        const auto at = std::ranges::find(ring, page, &Entry::page);
        if (at != ring.end()) {
            at->bit = true;
            continue;
        }
        ++misses;
        if (ring.size() < capacity) {
            ring.push_back({page, bit_on_insert});
            continue;
        }
        for (; ring[hand].bit; hand = (hand + 1) % capacity) ring[hand].bit = false;
        ring[hand] = {page, bit_on_insert};
        hand = (hand + 1) % capacity;
    }
    return misses;
}

std::uint64_t brute_sieve(const Trace& trace, std::size_t capacity) {
    Entries entries;
    auto hand = entries.end();
    std::uint64_t misses = 0;
    for (const std::uint32_t page : trace.page) {
        const auto at = find(entries, page);
        if (at != entries.end()) {
            at->bit = true;
            continue;
        }
        ++misses;
        if (entries.size() == capacity) {
            if (hand == entries.end()) hand = entries.begin();
            while (hand->bit) {
                hand->bit = false;
                if (++hand == entries.end()) hand = entries.begin();
            }
            hand = entries.erase(hand);
            const bool wrapped = hand == entries.end();
            entries.push_back({page, false});
            if (wrapped) hand = entries.end();
        } else {
            entries.push_back({page, false});
        }
    }
    return misses;
}

std::uint64_t brute_lfu(const Trace& trace, std::size_t capacity) {
    struct Use {
        std::uint32_t page;
        std::uint64_t count;
        std::uint64_t since;
    };
    std::vector<Use> uses;
    std::uint64_t now = 0;
    std::uint64_t misses = 0;
    for (const std::uint32_t page : trace.page) {
        ++now;
        const auto at = std::ranges::find(uses, page, &Use::page);
        if (at != uses.end()) {
            *at = {page, at->count + 1, now};
            continue;
        }
        ++misses;
        if (uses.size() == capacity) {
            uses.erase(std::ranges::min_element(uses, {}, [](const Use& use) {
                return std::pair{use.count, use.since};
            }));
        }
        uses.push_back({page, 1, now});
    }
    return misses;
}

/// CAR, line by line after its paper's figure 2, on lists searched from end to end.
class BruteCar {
public:
    explicit BruteCar(std::size_t capacity) : c_{capacity} {}

    bool reference(std::uint32_t page) {
        for (Entries* clock : {&t1_, &t2_}) {
            const auto at = find(*clock, page);
            if (at == clock->end()) continue;
            at->bit = true;
            return true;
        }
        const auto in_b1 = find(b1_, page);
        const auto in_b2 = find(b2_, page);
        const bool history = in_b1 != b1_.end() || in_b2 != b2_.end();
        if (t1_.size() + t2_.size() == c_) make_room(history);
        adapt_and_insert(page);
        return false;
    }

private:
    void make_room(bool history) {
        replace();
        if (history) return;
        if (t1_.size() + b1_.size() == c_) b1_.pop_front();
        else if (t1_.size() + t2_.size() + b1_.size() + b2_.size() == 2 * c_) b2_.pop_front();
    }

    void replace() {
        for (;;) {
            const bool first = static_cast<double>(t1_.size()) >= std::max(1.0, p_);
            Entries& clock = first ? t1_ : t2_;
            const Entry head = clock.front();
            clock.pop_front();
            if (!head.bit) {
                (first ? b1_ : b2_).push_back(head);
                return;
            }
            t2_.push_back({head.page, false});
        }
    }

    void adapt_and_insert(std::uint32_t page) {
        const double b1 = static_cast<double>(b1_.size());
        const double b2 = static_cast<double>(b2_.size());
        const auto in_b1 = find(b1_, page);
        const auto in_b2 = find(b2_, page);
        if (in_b1 != b1_.end()) {
            p_ = std::min(p_ + std::max(1.0, b2 / b1), static_cast<double>(c_));
            b1_.erase(in_b1);
            t2_.push_back({page, false});
        } else if (in_b2 != b2_.end()) {
            p_ = std::max(p_ - std::max(1.0, b1 / b2), 0.0);
            b2_.erase(in_b2);
            t2_.push_back({page, false});
        } else {
            t1_.push_back({page, false});
        }
    }

    std::size_t c_;
    double p_ = 0;
    Entries t1_, t2_, b1_, b2_;
};

std::uint64_t brute_car(const Trace& trace, std::size_t capacity) {
    BruteCar car{capacity};
    std::uint64_t misses = 0;
    for (const std::uint32_t page : trace.page) misses += car.reference(page) ? 0 : 1;
    return misses;
}

/// The fewest misses of any demand-fill policy: every choice is tried, states are remembered.
class BestChoice {
public:
    BestChoice(const Trace& trace, int capacity) : trace_{trace}, capacity_{capacity} {}

    std::uint64_t misses(std::size_t at, std::uint32_t resident) {
        if (at == trace_.page.size()) return 0;
        const auto [known, added] = known_.try_emplace({at, resident}, 0);
        if (!added) return known->second;
        const std::uint32_t bit = 1u << trace_.page[at];
        std::uint64_t best = ~0ull;
        if (resident & bit) {
            best = misses(at + 1, resident);
        } else if (std::popcount(resident) < capacity_) {
            best = 1 + misses(at + 1, resident | bit);
        } else {
            for (std::uint32_t left = resident; left != 0; left &= left - 1) {
                const std::uint32_t victim = left & ~(left - 1);
                best = std::min(best, 1 + misses(at + 1, (resident & ~victim) | bit));
            }
        }
        return known_[{at, resident}] = best;
    }

private:
    const Trace& trace_;
    int capacity_;
    std::map<std::pair<std::size_t, std::uint32_t>, std::uint64_t> known_;
};

TEST(BruteForce, QueuesAndClocksAgreeOnAllShapes) {
    for (const Shape shape : all_shapes) {
        for (const std::uint64_t seed : {1u, 2u}) {
            for (const std::uint64_t capacity : {1u, 2u, 5u, 16u, 40u}) {
                const Stream stream{shape, seed, 60, 3000};
                SCOPED_TRACE(describe(stream, capacity));
                const Trace trace = make_trace(stream);
                EXPECT_EQ(count_misses(trace, "fifo", capacity),
                          brute_lru(trace, capacity, false, false));
                EXPECT_EQ(count_misses(trace, "lru", capacity),
                          brute_lru(trace, capacity, true, false));
                EXPECT_EQ(count_misses(trace, "mru", capacity),
                          brute_lru(trace, capacity, true, true));
                EXPECT_EQ(count_misses(trace, "clock0", capacity),
                          brute_clock(trace, capacity, false));
                EXPECT_EQ(count_misses(trace, "clock1", capacity),
                          brute_clock(trace, capacity, true));
                EXPECT_EQ(count_misses(trace, "sieve", capacity), brute_sieve(trace, capacity));
                EXPECT_EQ(count_misses(trace, "lfu", capacity), brute_lfu(trace, capacity));
                EXPECT_EQ(count_misses(trace, "car", capacity), brute_car(trace, capacity));
            }
        }
    }
}

TEST(BruteForce, OptIsTheBestOfAllChoices) {
    for (const Shape shape : all_shapes) {
        for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
            for (const int capacity : {1, 2, 3, 4}) {
                const Stream stream{shape, seed, 7, 40};
                SCOPED_TRACE(describe(stream, static_cast<std::uint64_t>(capacity)));
                const Trace trace = make_trace(stream);
                EXPECT_EQ(count_misses(trace, "opt", static_cast<std::uint64_t>(capacity)),
                          BestChoice(trace, capacity).misses(0, 0));
            }
        }
    }
}

Trace trace_of(std::vector<std::uint32_t> pages) {
    Trace trace;
    trace.page = std::move(pages);
    for (std::uint32_t id = 0; id <= std::ranges::max(trace.page); ++id) trace.ids.push_back(id);
    return trace;
}

/// Belady's string: FIFO misses more with four frames than with three.
TEST(Golden, BeladysAnomaly) {
    const Trace trace = trace_of({1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5});
    EXPECT_EQ(count_misses(trace, "fifo", 3), 9u);
    EXPECT_EQ(count_misses(trace, "fifo", 4), 10u);
    EXPECT_EQ(count_misses(trace, "lru", 3), 10u);
    EXPECT_EQ(count_misses(trace, "lru", 4), 8u);
    EXPECT_EQ(count_misses(trace, "opt", 3), 7u);
    EXPECT_EQ(count_misses(trace, "opt", 4), 6u);
}

/// A loop one page larger than memory: recency gains nothing, reuse distance nearly all.
TEST(Golden, LoopLargerThanMemory) {
    std::vector<std::uint32_t> pages;
    for (std::uint32_t i = 0; i < 101 * 50; ++i) pages.push_back(i % 101);
    const Trace trace = trace_of(pages);
    for (const auto name : {"lru", "fifo", "clock0", "clock1"}) {
        EXPECT_EQ(count_misses(trace, name, 100), pages.size()) << name;
    }
    for (const auto name : {"mru", "lirs", "clock-pro"}) {
        EXPECT_LT(*count_misses(trace, name, 100), pages.size() / 8) << name;
    }
}

/// A hot set, and between its uses a scan that never repeats. Twice memory lies between two uses of
/// a hot page, so a policy must remember names longer than it keeps pages to find the hot set.
TEST(Golden, ScanResistance) {
    std::vector<std::uint32_t> pages;
    for (std::uint32_t i = 0; i < 4000; ++i) {
        pages.push_back(i % 20);
        for (std::uint32_t k = 0; k < 5; ++k) pages.push_back(20 + 5 * i + k);
    }
    const Trace trace = trace_of(pages);
    const std::uint64_t cold = 20 * 1000;  // 5 scan pages for each of the 4000 steps
    EXPECT_EQ(count_misses(trace, "lru", 60), cold + 4000);
    for (const auto name : {"lirs", "clock-pro", "w-tinylfu"}) {
        EXPECT_LT(*count_misses(trace, name, 60), cold + 3000) << name;
    }
}

/// The fixed cold share of CLOCK-Pro is a parameter.
TEST(Golden, ClockProColdShare) {
    using libos::policy::ClockPro;
    const libos::policy::Config config{.pages = 10, .capacity = 5};
    std::vector<std::byte> memory(ClockPro::bytes(config));
    kernel::base::Arena arena{memory};
    ClockPro all_cold{arena, config, 100};
    for (std::uint32_t page = 0; page < 5; ++page) all_cold.insert(libos::policy::PageId{page}, {});
    EXPECT_EQ(all_cold.evict(libos::policy::PageId{7}), libos::policy::PageId{0});
}

}  // namespace
}  // namespace tests::policy

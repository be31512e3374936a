/// What every policy owes its caller, whatever it decides: the concept's promises under random
/// streams of hits, misses, departures, revocations, resizes and ticks, with and without weights.

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "libos/policy/cache.hpp"
#include "libos/policy/list.hpp"
#include "sim/testbed/misses.hpp"
#include "tests/unit/policy/streams.hpp"

namespace tests::policy {
namespace {

using namespace libos::policy;
using sim::testbed::count_misses;

/// A policy beside a plain record of what must be resident.
template <typename P>
class Referee {
public:
    Referee(const Config& config, std::uint32_t weight_max)
        : memory_(P::bytes(config)), arena_{memory_}, policy_{arena_, config}, config_{config},
          weight_max_{weight_max}, capacity_{config.capacity}, random_{config.seed} {}

    /// One random event. The log of victims is what determinism is judged by.
    void step() {
        const std::uint64_t event = random_() % 100;
        const PageId page{static_cast<std::uint32_t>(random_() % config_.pages)};
        if (event < 90) reference(page);
        else if (event < 93) depart(page);
        else if (event < 95) revoke();
        else if (event < 96) resize(1 + random_() % (2 * config_.capacity));
        else policy_.tick();
    }

    void drain() {
        while (!resident_.empty()) evict(no_page);
    }

    [[nodiscard]] const std::vector<std::uint32_t>& victims() const { return victims_; }
    [[nodiscard]] std::size_t arena_used() const { return arena_.used(); }

private:
    void reference(PageId page) {
        const Hint hint{.weight = 1 + static_cast<std::uint32_t>(random_() % weight_max_),
                        .next_use = random_() % 1000, .write = random_() % 3 == 0};
        if (resident_.contains(page)) return policy_.hit(page, hint);
        if (hint.weight > capacity_) return;
        while (used_ + hint.weight > capacity_) evict(page);
        policy_.insert(page, hint);
        resident_.insert(page);
        weights_[position(page)] = hint.weight;
        used_ += hint.weight;
    }

    void depart(PageId page) {
        if (!resident_.contains(page)) return;
        policy_.remove(page);
        forget(page);
    }

    void revoke() {
        if (!resident_.empty()) evict(no_page);
    }

    void resize(std::uint64_t capacity) {
        capacity_ = capacity;
        policy_.resize(capacity);
        while (used_ > capacity_) evict(no_page);
    }

    void evict(PageId incoming) {
        const PageId victim = policy_.evict(incoming);
        ASSERT_TRUE(resident_.contains(victim)) << "evicted a page that was not resident";
        ASSERT_NE(victim, incoming);
        victims_.push_back(position(victim));
        forget(victim);
    }

    void forget(PageId page) {
        resident_.erase(page);
        used_ -= weights_[position(page)];
    }

    std::vector<std::byte> memory_;
    kernel::base::Arena arena_;
    P policy_;
    Config config_;
    std::uint32_t weight_max_;
    std::uint64_t capacity_;
    std::uint64_t used_ = 0;
    std::mt19937_64 random_;
    std::set<PageId> resident_;
    std::vector<std::uint32_t> weights_ = std::vector<std::uint32_t>(config_.pages);
    std::vector<std::uint32_t> victims_;
};

template <typename P>
class EveryPolicy : public ::testing::Test {};

template <typename List>
struct AsTypes;
template <typename... P>
struct AsTypes<PolicyList<P...>> {
    using Types = ::testing::Types<P...>;
};

struct PolicyName {
    template <typename P>
    static std::string GetName(int) {
        return std::string{P::name};
    }
};

TYPED_TEST_SUITE(EveryPolicy, AsTypes<Policies>::Types, PolicyName);

constexpr std::uint64_t capacities[] = {1, 2, 3, 4, 7, 10, 32, 100, 250};

TYPED_TEST(EveryPolicy, KeepsTheContractUnderRandomEvents) {
    for (const std::uint32_t weight_max : {1u, 9u}) {
        for (const std::uint64_t capacity : capacities) {
            for (const std::uint64_t seed : {1u, 2u, 3u}) {
                SCOPED_TRACE("capacity " + std::to_string(capacity) + " seed " +
                             std::to_string(seed) + " weight_max " + std::to_string(weight_max));
                const Config config{.pages = 120, .capacity = capacity, .seed = seed};
                Referee<TypeParam> referee{config, weight_max};
                for (int i = 0; i < 4000; ++i) {
                    referee.step();
                    if (this->HasFatalFailure()) return;
                }
                referee.drain();
                EXPECT_LE(referee.arena_used(), TypeParam::bytes(config));
            }
        }
    }
}

TYPED_TEST(EveryPolicy, IsAFunctionOfItsCallsAndSeed) {
    const Config config{.pages = 120, .capacity = 40, .seed = 7};
    Referee<TypeParam> one{config, 5};
    Referee<TypeParam> other{config, 5};
    for (int i = 0; i < 5000; ++i) {
        one.step();
        other.step();
    }
    EXPECT_EQ(one.victims(), other.victims());
}

TYPED_TEST(EveryPolicy, NeverBeatsOptAndMissesEachPageOnce) {
    for (const Shape shape : all_shapes) {
        for (const std::uint64_t capacity : capacities) {
            const Stream stream{shape, 11, 130, 6000};
            SCOPED_TRACE(describe(stream, capacity));
            const auto trace = make_trace(stream);
            const std::set<std::uint32_t> distinct{trace.page.begin(), trace.page.end()};
            const auto misses = count_misses(trace, TypeParam::name, capacity);
            ASSERT_TRUE(misses.has_value());
            EXPECT_GE(*misses, *count_misses(trace, "opt", capacity));
            EXPECT_GE(*misses, distinct.size());
            if (capacity >= distinct.size()) {
                EXPECT_EQ(*misses, distinct.size());
            }
        }
    }
}

TYPED_TEST(EveryPolicy, KeepsWithinBytesOfWeight) {
    const Stream stream{Shape::skewed, 5, 90, 5000};
    const auto trace = make_trace(stream, true);
    const Config config{.pages = trace.pages(), .capacity = 60, .seed = 3};
    std::vector<std::byte> memory(Cache<TypeParam>::bytes(config));
    kernel::base::Arena arena{memory};
    Cache<TypeParam> cache{arena, config};
    for (std::size_t i = 0; i < trace.page.size(); ++i) {
        const PageId page{trace.page[i]};
        const bool before = cache.resident(page);
        EXPECT_EQ(cache.reference(page, {.weight = trace.weight[i]}), before);
        EXPECT_TRUE(cache.resident(page));
        ASSERT_LE(cache.used(), cache.capacity());
    }
    cache.remove(PageId{trace.page.back()});
    EXPECT_FALSE(cache.resident(PageId{trace.page.back()}));
    cache.resize(10);
    EXPECT_LE(cache.used(), 10u);
    cache.remove(PageId{0});
    const auto misses = cache.misses();
    EXPECT_FALSE(cache.reference(PageId{0}, {.weight = 11}));
    EXPECT_FALSE(cache.resident(PageId{0})) << "heavier than the cache: not admitted";
    EXPECT_EQ(cache.misses(), misses + 1);
}

TYPED_TEST(EveryPolicy, DiesWhenAskedToEvictFromNothing) {
    const Config config{.pages = 4, .capacity = 2};
    std::vector<std::byte> memory(TypeParam::bytes(config));
    kernel::base::Arena arena{memory};
    TypeParam policy{arena, config};
    EXPECT_DEATH((void)policy.evict(no_page), "assertion failed");
}

/// A pager's view: only bits harvested at intervals reach the policy. A hot set that is referenced
/// in every interval should survive a stream of pages used once under policies that use ticks.
TEST(Ticks, HotPagesSurviveAScanUnderBitHarvestingPolicies) {
    for (const std::string_view name : {"nru", "aging", "wsclock"}) {
        with_policy(name, [&](auto chosen) {
            using P = typename decltype(chosen)::type;
            constexpr std::uint32_t hot = 8;
            const Config config{.pages = 2000, .capacity = 32};
            std::vector<std::byte> memory(P::bytes(config));
            kernel::base::Arena arena{memory};
            P policy{arena, config};
            for (std::uint32_t page = 0; page < 32; ++page) policy.insert(PageId{page}, {});
            for (std::uint32_t incoming = 32; incoming < 1900; ++incoming) {
                if (incoming % 8 == 0) {
                    for (std::uint32_t page = 0; page < hot; ++page) policy.hit(PageId{page}, {});
                    policy.tick();
                    for (std::uint32_t page = 0; page < hot; ++page) policy.hit(PageId{page}, {});
                }
                const PageId victim = policy.evict(PageId{incoming});
                ASSERT_GE(position(victim), hot) << name;
                policy.insert(PageId{incoming}, {});
            }
        });
    }
}

TEST(Random, SeedsGiveDifferentVictims) {
    const auto trace = make_trace({Shape::uniform, 1, 200, 20000});
    EXPECT_EQ(*count_misses(trace, "random", 50, {.seed = 1}),
              *count_misses(trace, "random", 50, {.seed = 1}));
    EXPECT_NE(*count_misses(trace, "random", 50, {.seed = 1}),
              *count_misses(trace, "random", 50, {.seed = 2}));
}

TEST(CountMisses, NamesWhatIsWrong) {
    const auto trace = make_trace({Shape::uniform, 1, 10, 100});
    const auto unknown = count_misses(trace, "best", 5);
    ASSERT_FALSE(unknown.has_value());
    EXPECT_NE(unknown.error().find("unknown policy \"best\"; known: fifo,"), std::string::npos);
    EXPECT_FALSE(count_misses(trace, "lru", 0).has_value());
    EXPECT_FALSE(count_misses(trace, "lru", capacity_max + 1).has_value());
    for (const std::string_view name : policy_names()) {
        EXPECT_LE(count_misses(trace, name, capacity_max).value(), 10u) << name;
    }
    EXPECT_FALSE(count_misses(trace, "lru", 5, {.sizes = true}).has_value());
}

}  // namespace
}  // namespace tests::policy

// A policy chosen at run time is the policy.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "libos/policy/any_replacement.hpp"
#include "libos/policy/list.hpp"

namespace {

using namespace libos::policy;

constexpr Config config{.pages = 400, .capacity = 50};

std::vector<PageId> stream() {
    std::mt19937_64 random{5};
    std::vector<PageId> pages;
    for (int i = 0; i < 20'000; ++i) {
        pages.push_back(PageId{static_cast<std::uint32_t>(random() % (random() % 400 + 1))});
    }
    return pages;
}

template <class P>
std::uint64_t misses(P& policy, const std::vector<PageId>& pages) {
    std::vector<bool> resident(config.pages);
    std::uint64_t misses = 0;
    std::uint64_t count = 0;
    for (const PageId page : pages) {
        if (resident[position(page)]) {
            policy.hit(page, {});
            continue;
        }
        ++misses;
        if (count == config.capacity) resident[position(policy.evict(page))] = false;
        else ++count;
        policy.insert(page, {});
        resident[position(page)] = true;
    }
    return misses;
}

template <class P, class... Which>
std::uint64_t misses_of(const std::vector<PageId>& pages, Which... which) {
    std::vector<std::byte> memory(P::bytes(config));
    kernel::base::Arena arena{memory};
    P policy{arena, config, which...};
    return misses(policy, pages);
}

TEST(AnyReplacement, DecidesAsThePolicyOfThatName) {
    const auto pages = stream();
    std::size_t seen = 0;
    for_each_policy(
        [&](auto policy) {
            using P = typename decltype(policy)::type;
            if constexpr (!clairvoyant<P>) {
                const auto which = AnyReplacement::find(P::name);
                ASSERT_TRUE(which) << P::name;
                EXPECT_EQ(misses_of<AnyReplacement>(pages, *which), misses_of<P>(pages)) << P::name;
                ++seen;
            }
        },
        Policies{});
    EXPECT_EQ(seen, AnyReplacement::names().size());
    EXPECT_FALSE(AnyReplacement::find("opt")) << "it needs the future";
    EXPECT_NE(misses_of<AnyReplacement>(pages, AnyReplacement::lru), misses_of<Fifo>(pages));
}

}  // namespace

/// The arena, the page queue, the page heap, the list of policies.

#include <array>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "libos/policy/list.hpp"
#include "libos/policy/page_heap.hpp"
#include "libos/policy/page_queue.hpp"

namespace tests::policy {
namespace {

using kernel::base::Arena;
using namespace libos::policy;

TEST(Arena, AlignsInitialisesAndCounts) {
    std::vector<std::byte> memory(Arena::room<char>(1) + Arena::room<std::uint64_t>(3),
                                  std::byte{0xff});
    Arena arena{memory};
    const auto letters = arena.take<char>(1);
    const auto numbers = arena.take<std::uint64_t>(3);
    EXPECT_EQ(letters[0], 0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(numbers.data()) % alignof(std::uint64_t), 0u);
    for (const std::uint64_t number : numbers) EXPECT_EQ(number, 0u);
    EXPECT_LE(arena.used(), arena.size());
    EXPECT_TRUE(arena.take<char>(0).empty());
}

TEST(ArenaDeathTest, ExhaustionIsTheCallersMistake) {
    std::array<std::byte, 8> memory{};
    Arena arena{memory};
    EXPECT_DEATH((void)arena.take<std::uint64_t>(2), "assertion failed");
}

std::vector<std::uint32_t> contents(const PageQueue& queue) {
    std::vector<std::uint32_t> pages;
    for (PageId page = queue.oldest(); page != no_page; page = queue.newer(page)) {
        pages.push_back(position(page));
    }
    return pages;
}

using Pages = std::vector<std::uint32_t>;

TEST(PageQueue, KeepsOrderSizeAndWeight) {
    std::array<PageNode, 6> nodes{};
    for (std::uint32_t i = 0; i < nodes.size(); ++i) nodes[i].weight = 1 + i;
    PageQueue queue{nodes};
    for (const std::uint32_t page : {2u, 0u, 4u}) queue.push_newest(PageId{page});
    queue.push_oldest(PageId{5});
    EXPECT_EQ(contents(queue), (Pages{5, 2, 0, 4}));
    EXPECT_EQ(queue.weight(), 6u + 3 + 1 + 5);
    queue.renew(PageId{2});
    queue.erase(PageId{0});
    EXPECT_EQ(contents(queue), (Pages{5, 4, 2}));
    EXPECT_EQ(queue.pop_oldest(), PageId{5});
    EXPECT_EQ(queue.newer_round(PageId{2}), PageId{4});
    EXPECT_EQ(queue.size(), 2u);
}

TEST(PageQueue, AppendMovesEverything) {
    std::array<PageNode, 5> nodes{};
    PageQueue old{nodes};
    PageQueue young{nodes};
    old.append(young);
    EXPECT_TRUE(old.empty());
    for (const std::uint32_t page : {3u, 1u}) young.push_newest(PageId{page});
    old.append(young);
    EXPECT_TRUE(young.empty());
    young.push_newest(PageId{0});
    old.append(young);
    EXPECT_EQ(contents(old), (Pages{3, 1, 0}));
    EXPECT_EQ(old.newest(), PageId{0});
    EXPECT_EQ(old.older(PageId{0}), PageId{1});
}

TEST(PageHeap, PopsInKeyOrderAfterChangesAndErasures) {
    constexpr std::uint32_t pages = 50;
    std::vector<std::byte> memory(PageHeap<int>::bytes(pages));
    Arena arena{memory};
    PageHeap<int> heap{arena, pages};
    for (std::uint32_t i = 0; i < pages; ++i) heap.push(PageId{i}, static_cast<int>(i * 37 % 50));
    for (std::uint32_t i = 0; i < pages; i += 2) heap.change(PageId{i}, 100 - heap.key(PageId{i}));
    for (std::uint32_t i = 0; i < pages; i += 5) heap.erase(PageId{i});
    std::vector<int> keys;
    while (!heap.empty()) {
        const PageId least = heap.pop();
        const auto at = static_cast<int>(position(least) * 37 % 50);
        keys.push_back(position(least) % 2 == 0 ? 100 - at : at);
    }
    EXPECT_EQ(keys.size(), 40u);
    EXPECT_TRUE(std::ranges::is_sorted(keys));
}

TEST(PolicyList, NamesAreUniqueAndFound) {
    std::set<std::string_view> names;
    for (const std::string_view name : policy_names()) {
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_TRUE(with_policy(name, [&](auto policy) {
            EXPECT_EQ(decltype(policy)::type::name, name);
        }));
    }
    EXPECT_EQ(names.size(), 20u);
    EXPECT_FALSE(with_policy("none", [](auto) { FAIL(); }));
    for (const std::string_view summary : Policies::summaries) EXPECT_FALSE(summary.empty());
    for (const std::string_view paper : Policies::papers) EXPECT_FALSE(paper.empty());
}

}  // namespace
}  // namespace tests::policy

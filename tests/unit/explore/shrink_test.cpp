// Shrinking keeps what matters, and only that.
#include <algorithm>

#include <gtest/gtest.h>

#include "sim/explore/shrink.hpp"

namespace tests::explore {
namespace {

using namespace sim::explore;

Decisions many() {
    Decisions all;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        all.push_back({DecisionKind::stall, static_cast<std::uint32_t>(i % 4), i, 1'000'000});
    }
    return all;
}

std::uint64_t value_at(const Decisions& decisions, std::uint64_t at) {
    const auto found = std::ranges::find(decisions, at, &Decision::at);
    return found == decisions.end() ? 0 : found->value;
}

TEST(Shrink, FindsThePairThatMatters) {
    std::uint64_t runs = 0;
    const auto fails = [&runs](const Decisions& decisions) {
        ++runs;
        return value_at(decisions, 17) >= 5000 && value_at(decisions, 803) > 0;
    };
    const Decisions least = shrink_decisions(many(), fails, 4000);
    ASSERT_EQ(least.size(), 2u);
    EXPECT_TRUE(fails(least));
    EXPECT_LT(value_at(least, 17), 2 * 5000u);
    EXPECT_EQ(value_at(least, 803), 1u);
    EXPECT_LT(runs, 900u);
}

TEST(Shrink, StallsOfOneCoreBecomeOne) {
    const auto fails = [](const Decisions& decisions) {
        std::uint64_t sum = 0;
        for (const Decision& one : decisions) sum += one.core == 1 ? one.value : 0;
        return sum >= 20'000'000;
    };
    const Decisions least = shrink_decisions(many(), fails, 4000);
    ASSERT_EQ(least.size(), 1u);
    EXPECT_LT(least[0].value, 40'000'000u);
}

// Four that matter only because each moves the number of the event at which the fifth is.
TEST(Shrink, TheLastIsFoundWhereItIsWithoutTheOthers) {
    const auto fails = [](const Decisions& decisions) {
        std::uint64_t moved = 0;
        for (const Decision& one : decisions) moved += one.at < 500 ? 20 : 0;
        return value_at(decisions, 900 + moved) != 0;
    };
    Decisions five;
    for (const std::uint64_t at : {10, 20, 30, 40, 980}) {
        five.push_back({DecisionKind::stall, 0, at, 1});
    }
    ASSERT_TRUE(fails(five));
    EXPECT_EQ(shrink_decisions(five, fails, 4000).size(), 1u);
}

TEST(Shrink, NothingIsLeftOfWhatFailsByItself) {
    EXPECT_TRUE(shrink_decisions(many(), [](const Decisions&) { return true; }, 10).empty());
}

TEST(Shrink, StopsWhenItsRunsAreUsedUpWithWhatFails) {
    std::uint64_t runs = 0;
    const auto fails = [&runs](const Decisions& decisions) {
        ++runs;
        return value_at(decisions, 500) != 0;
    };
    const Decisions least = shrink_decisions(many(), fails, 5);
    EXPECT_EQ(runs, 5u);
    EXPECT_TRUE(fails(least));
    EXPECT_LT(least.size(), 1000u);
}

TEST(Shrink, FailuresAreTheSameButForTheirNumbers) {
    RunReport report;
    report.failure = Failure::checker;
    report.text = "core 1: frame 12 is in two lists";
    EXPECT_TRUE(same_failure(report, Failure::checker, "core 0: frame 99 is in two lists"));
    EXPECT_FALSE(same_failure(report, Failure::ended, "core 0: frame 99 is in two lists"));
    EXPECT_FALSE(same_failure(report, Failure::checker, "core 0: frame 99 is in no list"));
}

}  // namespace
}  // namespace tests::explore

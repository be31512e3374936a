// Which choices there are, and how they are named.
#include <set>

#include <gtest/gtest.h>

#include "sim/explore/faults.hpp"
#include "sim/explore/strategy.hpp"

namespace tests::explore {
namespace {

using namespace sim::explore;

const Baseline three{.cores = 2, .slice_ns = 1000, .events = 7, .time_ns = 10'000};

// The events at which run number `run` stalls, on a machine that does nothing else.
std::vector<std::uint64_t> stalls(std::string_view text, std::uint64_t seed, std::uint64_t run) {
    const auto choice = StrategyChoice::parse(text);
    EXPECT_TRUE(choice) << choice.error();
    const auto strategy = make_strategy(*choice, three, seed, run);
    const sim::engine::Promises promises{2, 100};
    std::vector<std::uint64_t> all;
    for (std::uint64_t event = 1; event <= three.events; ++event) {
        const Moment moment{0, event, event, kernel::abi::Instant{event * 100}, promises};
        if (strategy->stall(moment) != 0) all.push_back(event);
    }
    return all;
}

TEST(Strategy, BoundedRunsEverySubsetOnce) {
    const auto choice = StrategyChoice::parse("bounded:2");
    ASSERT_TRUE(choice);
    const std::uint64_t runs = choice->runs_of(three);
    EXPECT_EQ(runs, 1 + 7 + 21u);
    std::set<std::vector<std::uint64_t>> seen;
    for (std::uint64_t run = 0; run < runs; ++run) {
        const auto events = stalls("bounded:2", 1, run);
        EXPECT_LE(events.size(), 2u);
        seen.insert(events);
    }
    EXPECT_EQ(seen.size(), runs);
    EXPECT_TRUE(stalls("bounded:2", 1, runs).empty());
}

TEST(Strategy, SameSeedSameChoicesAndOthersOtherwise) {
    std::set<std::vector<std::uint64_t>> seen;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const auto once = stalls("random", seed, 0);
        EXPECT_EQ(once, stalls("random", seed, 0));
        seen.insert(once);
    }
    EXPECT_GT(seen.size(), 10u);
    EXPECT_TRUE(stalls("none", 1, 0).empty());
}

TEST(Strategy, PctPreemptsAtItsChangePoints) {
    std::set<std::uint64_t> changes;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const sim::engine::Promises promises{1, 100};
        const Baseline alone{.cores = 1, .slice_ns = 1000, .events = 7, .time_ns = 10'000};
        const auto strategy = make_strategy(*StrategyChoice::parse("pct:2"), alone, seed, 0);
        std::size_t count = 0;
        for (std::uint64_t event = 1; event <= 7; ++event) {
            const Moment moment{0, event, event, kernel::abi::Instant{event * 100}, promises};
            if (strategy->stall(moment) == 0) continue;
            changes.insert(event);
            ++count;
        }
        EXPECT_EQ(count, 1u);  // depth 2: one change; nobody else to wait for
    }
    EXPECT_EQ(changes.size(), 7u);
}

TEST(Strategy, SlowSlowsOneCoreInProportion) {
    std::set<std::uint32_t> slow_ones;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const auto strategy = make_strategy(*StrategyChoice::parse("slow"), three, seed, 0);
        const sim::engine::Promises promises{2, 100};
        for (std::uint32_t core = 0; core < 2; ++core) {
            std::uint64_t now = 0;
            std::uint64_t stalled = 0;
            for (std::uint64_t event = 1; event <= three.events; ++event) {
                now += 10;
                const std::uint64_t stall = strategy->stall(
                    {core, event, event, kernel::abi::Instant{now}, promises});
                EXPECT_LE(stall, 2 * three.slice_ns);
                EXPECT_EQ(stall % 10, 0u) << "not in proportion";
                now += stall;
                stalled += stall;
            }
            if (stalled == 0) continue;
            slow_ones.insert(core);
            EXPECT_GE(stalled, 10 * three.events);
            EXPECT_LE(stalled, 15 * 10 * three.events);
        }
    }
    EXPECT_EQ(slow_ones.size(), 2u);
}

TEST(Strategy, PortfolioTakesTurns) {
    const auto choice = StrategyChoice::parse("portfolio");
    ASSERT_TRUE(choice);
    std::set<std::string> names;
    for (std::uint64_t run = 0; run < 10; ++run) names.insert(choice->of_run(run).text());
    EXPECT_EQ(names, (std::set<std::string>{"random", "pct:2", "pct:3", "round-robin", "slow"}));
}

TEST(Strategy, WrongNamesSayWhatWasExpected) {
    for (const char* wrong : {"", "pct", "pct:", "pct:0", "pct:17", "pct:2x", "bounded:4", "rand",
                              "bounded", "none:1"}) {
        const auto choice = StrategyChoice::parse(wrong);
        ASSERT_FALSE(choice) << wrong;
        EXPECT_NE(choice.error().find("expected"), std::string::npos) << choice.error();
    }
}

TEST(Faults, ChoicesAreNamed) {
    EXPECT_EQ(FaultChoice::parse("legal")->text(),
              "message,timer,interrupt,translation,publication,wait,disk_late,revocation");
    EXPECT_EQ(FaultChoice::parse("all")->text(),
              "kill,allocation,message,timer,interrupt,translation,publication,wait,frame,"
              "disk_late,disk_error,disk_latent,revocation");
    EXPECT_EQ(FaultChoice::parse("none")->text(), "none");
    EXPECT_EQ(FaultChoice::parse("disk_error,legal")->text(),
              "message,timer,interrupt,translation,publication,wait,disk_late,disk_error,"
              "revocation");
    EXPECT_EQ(FaultChoice::parse("all,disk_rot")->kinds,
              FaultChoice::parse("all")->kinds | FaultChoice::parse("disk_rot")->kinds);
    EXPECT_EQ(FaultChoice::parse("timer,kill")->text(), "kill,timer");
    EXPECT_EQ(FaultChoice::parse("disk_rot,disk_torn")->text(), "disk_torn,disk_rot");
    for (const char* wrong : {"", "stall", "kill,", "message;timer", "everything", "none,kill"}) {
        EXPECT_FALSE(FaultChoice::parse(wrong)) << wrong;
    }
}

TEST(Faults, EachKindIsOnInAboutHalfOfTheRunsAndSilentOtherwise) {
    const auto all = *FaultChoice::parse("all");
    unsigned on = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        Faults faults{all, 100'000, seed};
        const bool named = faults.text().find("message") != std::string::npos;
        on += named ? 1 : 0;
        bool drawn = false;
        for (unsigned i = 0; i < 20'000; ++i) drawn |= faults.draw(DecisionKind::message) != 0;
        EXPECT_EQ(drawn, named) << seed << ": " << faults.text();
    }
    EXPECT_GT(on, 150u);
    EXPECT_LT(on, 250u);
}

}  // namespace
}  // namespace tests::explore

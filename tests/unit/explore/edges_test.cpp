// Under the `instr` clock a core may be stopped at any edge. Built where instructions are counted.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/explore/subject.hpp"

namespace tests::explore {
namespace {

using namespace sim::explore;

TEST(Edges, StallsBeginBetweenTwoEvents) {
    const Cell cell = cell_of("cores.toml", 0);
    CampaignOptions options;
    options.strategy = *StrategyChoice::parse("random");
    options.faults = *FaultChoice::parse("none");
    unsigned later = 0;
    for (std::uint64_t number = 0; number < 20; ++number) {
        const auto chooser = chooser_of(cell.subject, options, number, 1);
        const auto first = run(cell.subject, *chooser, 0);
        EXPECT_EQ(first.text, "");
        later += static_cast<unsigned>(std::ranges::count_if(
            first.decisions, [](const Decision& one) { return one.after != 0; }));
        Replay again{first.decisions};
        const auto second = run(cell.subject, again, 0);
        EXPECT_EQ(second.hash, first.hash) << "run " << number;
        EXPECT_EQ(second.decisions, first.decisions);
    }
    EXPECT_GT(later, 20u);
}

// Where it stops is code of an environment, which its stack tells.
TEST(Edges, APersonSeesWhereItStopped) {
    const Cell cell = cell_of("exchange_cores.toml", 2, {"messages=40", "transfers=20"});
    unsigned in_programs = 0;
    for (std::uint64_t after = 1; after < 2'000; after = after * 3 / 2 + 1) {
        Replay chooser{{{DecisionKind::stall, 1, 120, 50'000, after}}};
        const auto report = run(cell.subject, chooser, 0, [&](const Recorder& recorder,
                                                              const Decision& decision,
                                                              const kernel::abi::Event*) {
            EXPECT_EQ(decision.after, after);
            const auto stack = recorder.machine().stack_of(1);
            in_programs += std::ranges::any_of(stack, [](const std::string& name) {
                return name.find("exchange") != std::string::npos ||
                       name.find("libos") != std::string::npos;
            });
        });
        EXPECT_EQ(report.text, "");
        EXPECT_EQ(report.decisions.size(), 1u);
    }
    EXPECT_GT(in_programs, 5u);
}

TEST(Edges, LookingCostsNothing) {
    Cell cell = cell_of("cores.toml", 0);
    const auto hash_with = [&cell](std::uint64_t check_every) {
        cell.subject.check_every = check_every;
        Replay nobody{Decisions{}};
        return run(cell.subject, nobody, 0).hash;
    };
    EXPECT_EQ(hash_with(0), hash_with(1));
    EXPECT_EQ(hash_with(0), hash_with(7));
}

// What a build that counts no instructions wrote is legal here, and the other way round: there a
// stall begins with its event.
TEST(Edges, DecisionsWithoutEdgesReplay) {
    const Cell cell = cell_of("cores.toml", 0);
    Replay chooser{{{DecisionKind::stall, 2, 9, 4321, 0}}};
    const auto report = run(cell.subject, chooser, 0);
    EXPECT_EQ(report.text, "");
    EXPECT_EQ(report.decisions, (Decisions{{DecisionKind::stall, 2, 9, 4321, 0}}));
}

}  // namespace
}  // namespace tests::explore

// Campaigns over shipped scenarios: what was decided replays, what is decided is legal.
#include <gtest/gtest.h>

#include "sim/machine/hosted.hpp"
#include "tests/unit/explore/subject.hpp"

namespace tests::explore {
namespace {

using namespace sim::explore;

CampaignOptions options_of(std::uint64_t runs, std::string_view strategy,
                           std::string_view faults) {
    CampaignOptions options;
    options.runs = runs;
    options.strategy = *StrategyChoice::parse(strategy);
    options.faults = *FaultChoice::parse(faults);
    return options;
}

void expect_no_failure(const std::string& scenario, std::uint32_t number, std::uint64_t runs,
                       std::string_view faults, const std::vector<std::string>& settings = {},
                       std::string_view strategy = "portfolio") {
    const Cell cell = cell_of(scenario, number, settings);
    const auto progress = sim::explore::explore(
        {cell.subject}, options_of(runs, strategy, faults), [](const Progress&) {});
    EXPECT_EQ(progress.runs, runs);
    EXPECT_TRUE(progress.diverged.empty());
    for (const FoundFailure& found : progress.failures) {
        ADD_FAILURE() << scenario << " run " << found.run << ": " << found.report.text;
    }
}

TEST(Campaign, DecisionsReplayTheHistory) {
    const Cell cell = cell_of("exchange_cores.toml", 2, {"messages=40", "transfers=20"});
    for (const char* strategy : {"random", "pct:3", "round-robin", "bounded:2"}) {
        const auto options = options_of(8, strategy, "all");
        for (std::uint64_t number = 0; number < 8; ++number) {
            const std::uint64_t start = start_of(cell.subject, options, number);
            const auto first = run_apart(
                cell.subject, [&] { return chooser_of(cell.subject, options, number, 1); }, start);
            const auto second = run_apart(
                cell.subject, [&] { return std::make_unique<Replay>(first.decisions); }, start);
            EXPECT_EQ(second.hash, first.hash) << strategy << " run " << number;
            EXPECT_EQ(second.decisions, first.decisions);
            EXPECT_EQ(second.text, first.text);
        }
    }
}

// Who looks for frames in a row in step with others who do.
TEST(Campaign, EnvironmentsInStepAllFindFramesInARow) {
    expect_no_failure("predicate.toml", 0, 60, "legal", {}, "round-robin");
}

// Exactly at the deadline of the first, and a little before it: nobody is wronged.
TEST(Campaign, ARevocationMayComeAtItsWorstMoment) {
    const Cell cell = cell_of("squeeze.toml", 0);
    const auto undisturbed = run_apart(
        cell.subject, [] { return std::make_unique<Replay>(Decisions{}); }, 0);
    for (const std::uint64_t value : {1, 2001}) {
        const Decisions decisions{{DecisionKind::revocation, 0, 1, value, 0}};
        const auto report = run_apart(
            cell.subject, [&] { return std::make_unique<Replay>(decisions); }, 0);
        EXPECT_EQ(report.failure, Failure::none) << report.text;
        EXPECT_EQ(report.decisions, decisions);
        EXPECT_NE(report.hash, undisturbed.hash);
    }
}

TEST(Campaign, SameSeedSameRunsOtherSeedOthers) {
    const Cell cell = cell_of("cores.toml", 0);
    auto options = options_of(40, "random", "legal");
    const auto none = [](const Progress&) {};
    const auto first = sim::explore::explore({cell.subject}, options, none);
    EXPECT_EQ(first.schedules, sim::explore::explore({cell.subject}, options, none).schedules);
    options.parallel = 2;
    EXPECT_EQ(first.schedules, sim::explore::explore({cell.subject}, options, none).schedules);
    options.seed = 2;
    EXPECT_NE(first.schedules, sim::explore::explore({cell.subject}, options, none).schedules);
    EXPECT_GT(first.schedules.size(), 20u);
    EXPECT_EQ(first.repeated, 1u);
}

TEST(Campaign, APrefixComesFirst) {
    const Cell cell = cell_of("cores.toml", 0);
    auto options = options_of(1, "random", "none");
    options.prefix = {{DecisionKind::stall, 2, 9, 4321}};
    const auto chooser = chooser_of(cell.subject, options, 0, 1);
    const auto report = run(cell.subject, *chooser, 0);
    ASSERT_FALSE(report.decisions.empty());
    EXPECT_EQ(report.decisions.front(), options.prefix.front());
}

// A lost wake-up of the program, found so: the wait of a server's last answer swallowed the wake
// that the next turn began with (tests/canary/wake_eaten_by_reply.patch).
TEST(Campaign, ExchangeBetweenCoresSurvives) {
    expect_no_failure("exchange_cores.toml", 2, 120, "legal", {"messages=60", "transfers=20"});
    expect_no_failure("exchange_cores.toml", 6, 120, "legal", {"messages=60", "transfers=20"});
}

TEST(Campaign, StockScenariosSurviveWhatIsLegal) {
    expect_no_failure("hello.toml", 0, 60, "legal");
    expect_no_failure("cores.toml", 0, 60, "legal");
    expect_no_failure("exchange.toml", 0, 10, "legal");
    expect_no_failure("slices.toml", 0, 20, "legal");
    expect_no_failure("shared_tree.toml", 0, 20, "legal");
    expect_no_failure("tree_probe.toml", 0, 20, "legal");
    expect_no_failure("probe_ends.toml", 7, 60, "legal");
    expect_no_failure("churn_ring.toml", 0, 20, "legal", {"steps=24"});
    expect_no_failure("churn.toml", 3, 10, "legal", {"steps=24"});
}

TEST(Campaign, KernelKeepsItsWordWhenFramesAreRefusedAndEnvironmentsDie) {
    expect_no_failure("hello.toml", 0, 60, "all");
    expect_no_failure("cores.toml", 0, 60, "all");
    expect_no_failure("exchange_cores.toml", 2, 40, "all", {"messages=60", "transfers=20"});
    expect_no_failure("probe_ends.toml", 40, 60, "all");
    expect_no_failure("churn_ring.toml", 0, 40, "all", {"steps=24"});
}

// Stops the machine where it stands, in the middle of a kernel's work.
class StopsAt : public sim::machine::Director {
public:
    explicit StopsAt(std::uint64_t event) : left_{event} {}

    void begins(const sim::machine::MachineView&) override {}
    sim::machine::Interference after_event(std::uint32_t, const kernel::abi::Event&,
                                           kernel::abi::Instant) override {
        return {.stop = --left_ == 0};
    }
    std::uint64_t disturb(std::uint32_t, kernel::machine::Site) override { return 0; }
    void stalls(std::uint32_t) override {}
    void reached(kernel::machine::Probe) override {}

private:
    std::uint64_t left_;
};

TEST(Campaign, RunsThatAreStoppedLeaveTheNextOnesAlone) {
    const Cell cell = cell_of("cores.toml", 0);
    const auto whole_hash = [&cell] {
        Replay nobody{Decisions{}};
        const auto whole = run(cell.subject, nobody, 0);
        EXPECT_EQ(whole.failure, Failure::none) << whole.text;
        return whole.hash;
    };
    const std::uint64_t hash = whole_hash();
    for (std::uint64_t event = 1; event <= cell.subject.baseline.events; event += 41) {
        StopsAt director{event};
        sim::machine::HostedOptions options;
        options.director = &director;
        const auto stopped = sim::machine::run_hosted(cell.bundle, 0, options);
        EXPECT_EQ(stopped.trace_events, event);
        EXPECT_EQ(whole_hash(), hash) << "after one that was stopped at event " << event;
    }
}

}  // namespace
}  // namespace tests::explore

// Every probe of kernel/machine/site.hpp is reached by a campaign over the stock scenarios: what is
// never reached is never tested.
#include <gtest/gtest.h>

#include "tests/unit/explore/subject.hpp"

namespace tests::explore {
namespace {

using namespace sim::explore;
using kernel::machine::Probe;

struct Stage {
    const char* scenario;
    std::uint32_t cell;
    const char* strategy;  // `none` where programs go by the clock
    std::uint64_t runs;
};

constexpr Stage stages[] = {
    {"probe.toml", 0, "none", 1},       {"probe_root.toml", 0, "none", 1},
    {"probe_cores.toml", 0, "none", 1}, {"probe_turns.toml", 0, "none", 1},
    {"shares.toml", 0, "none", 1},
    {"slices.toml", 0, "portfolio", 4}, {"squeeze.toml", 0, "portfolio", 4},
    {"churn_ring.toml", 0, "portfolio", 16}, {"exchange_cores.toml", 2, "portfolio", 8},
};

TEST(Probes, EachIsReached) {
    std::uint64_t reached = 0;
    for (const Stage& stage : stages) {
        const Cell cell = cell_of(stage.scenario, stage.cell);
        CampaignOptions options;
        options.runs = stage.runs;
        options.strategy = *StrategyChoice::parse(stage.strategy);
        const bool still = options.strategy.kind == StrategyKind::none;
        options.faults = *FaultChoice::parse(still ? "none" : "legal");
        const auto progress =
            sim::explore::explore({cell.subject}, options, [](const Progress&) {});
        EXPECT_TRUE(progress.failures.empty()) << stage.scenario;
        reached |= progress.probes;
    }
    for (unsigned probe = 0; probe < static_cast<unsigned>(Probe::probe_count); ++probe) {
        EXPECT_TRUE((reached >> probe & 1) != 0)
            << "probe number " << probe << " of kernel/machine/site.hpp was never reached";
    }
}

}  // namespace
}  // namespace tests::explore

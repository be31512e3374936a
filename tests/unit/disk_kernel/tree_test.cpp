// Trees of blocks: their calls made wrongly, libOSes that share one, and power failures.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/disk_kernel/disk_cell.hpp"

namespace tests::disk_kernel {
namespace {

CellOptions shared(const std::string& arguments = {}) {
    return {.envs = {{"root", "shared_tree", arguments}}};
}

TEST(Trees, EveryWrongCallFailsAsDocumented) {
    expect_well(run({.envs = {{"root", "tree_probe"}}}, blank(1024)));
}

TEST(Trees, LibrariesThatDoNotTrustEachOtherShareOne) {
    expect_well(run(shared("files=5\n"), blank(1024)));
}

TEST(Trees, AndAnEnemyThatTakesAllThatIsFree) {
    expect_well(run(shared("blocks=256\nfiles=3\nhoard=128\n"), blank(1024), false));
}

TEST(Trees, OnADiskWithoutACache) {
    CellOptions options = shared();
    options.service.cache_blocks = 0;
    expect_well(run(options, blank(1024), false));
}

TEST(Trees, OneCellGivesOneHistory) {
    const auto first = run(shared(), blank(1024), false);
    const auto second = run(shared(), blank(1024), false);
    ASSERT_EQ(first.result.envs.size(), 4u);
    for (std::size_t i = 0; i < first.result.envs.size(); ++i) {
        EXPECT_EQ(first.result.envs[i].info.history_hash, second.result.envs[i].info.history_hash);
    }
}

std::uint64_t files_found(const CellRun& run) {
    for (const auto& env : run.result.envs) {
        for (const auto& row : env.results) {
            const auto at = row.find("\"files\":");
            if (at != std::string::npos) return std::stoull(row.substr(at + 8));
        }
    }
    return 0;
}

// The power goes after so many requests are answered. Of what was not flushed any sectors may have
// reached the medium.
class PowerFailure final : public sim::machine::Director {
public:
    PowerFailure(std::uint32_t answers, std::uint64_t seed) : answers_{answers}, random_{seed} {}

    void begins(const sim::machine::MachineView&) override {}
    sim::machine::Interference after_event(std::uint32_t, const kernel::abi::Event& event,
                                           kernel::abi::Instant) override {
        if (event.kind == kernel::abi::EventKind::disk && answers_ != 0) --answers_;
        return {.stop = answers_ == 0};
    }
    void stalls(std::uint32_t) override {}
    std::uint64_t disturb(std::uint32_t, kernel::machine::Site site) override {
        if (site != kernel::machine::Site::disk_torn) return 0;
        constexpr std::uint64_t sectors = 8;
        const std::uint64_t choice = random_() % (3 * sectors);  // mostly none, or all
        return choice < sectors ? choice : choice % 2 * sectors;
    }
    void reached(kernel::machine::Probe) override {}

private:
    std::uint32_t answers_;
    std::mt19937_64 random_;
};

// So little room that blocks are used again soon.
const std::string narrow = "blocks=128\nfiles=12\n";

// Every block of the format is true of old and new sectors mixed.
TEST(Trees, SurviveTornBlocks) {
    constexpr std::uint32_t made = 8;  // requests until there is a tree with three parts
    std::uint64_t most = 0;
    for (std::uint32_t answers = made; answers < made + 200; answers += 2) {
        SCOPED_TRACE("after " + std::to_string(answers) + " answers");
        const Image image = blank(1024);
        PowerFailure failure{answers, answers};
        CellOptions options = shared(narrow + "crash_after=1000000\n");
        options.lose_unflushed = true;
        options.director = &failure;
        EXPECT_EQ(run(options, image, false).broken, "");
        const auto found = run(shared("phase=check\n"), image, false);
        expect_well(found);
        most = std::max(most, files_found(found));
        if (HasFailure()) return;
    }
    EXPECT_GE(most, 4u) << "nothing was ever there to be lost";
}

// Wherever the power goes: all that is owned was written, and is owned once.
TEST(Trees, SurviveAPowerFailureAfterAnyRequest) {
    std::uint64_t most = 0;
    for (int requests = 1; requests <= 140; requests += 2) {
        SCOPED_TRACE("crash_after=" + std::to_string(requests));
        const Image image = blank(1024);
        CellOptions crash =
            shared(narrow + "crash_after=" + std::to_string(requests) + "\n");
        crash.lose_unflushed = true;
        expect_well(run(crash, image, false));
        const auto found = run(shared("phase=check\n"), image, false);
        expect_well(found);
        most = std::max(most, files_found(found));
        if (HasFailure()) return;
    }
    EXPECT_GE(most, 3u) << "nothing was ever there to be lost";
}

}  // namespace
}  // namespace tests::disk_kernel

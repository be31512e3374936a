// Task sets run on the exokernel, each task an environment, beside response-time analysis and the
// processor-demand test: every verdict of a published list, integer for integer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/machine/hosted.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/scenario.hpp"
#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

using nlohmann::json;

// The list is not part of the repository: $CHITIN_DATA, or ../shared/data beside it.
std::filesystem::path task_sets_path() {
    if (const char* const data = std::getenv("CHITIN_DATA")) {
        return std::filesystem::path{data} / "sched-oracles/tasksets.jsonl";
    }
    return std::filesystem::path{CHITIN_SOURCE} / "../shared/data/sched-oracles/tasksets.jsonl";
}

struct Verdict {
    std::vector<std::uint64_t> first_response;  // 0: late
    bool missed = false;
};

Verdict run_set(const json& tasks, const std::string& scheduler) {
    namespace testbed = sim::testbed;
    std::string text;
    for (const json& task : tasks) {
        if (!text.empty()) text += " ";
        text += std::to_string(task[0].get<int>()) + "," + std::to_string(task[1].get<int>()) +
                "," + std::to_string(task[2].get<int>());
    }
    testbed::Cell cell;
    cell.name = "set";
    cell.machine = {.pool_frames = 4096, .slice_ns = 1'000'000, .seed = 1, .costs = {}};
    testbed::Environment root;
    root.name = "realtime";
    root.program = "realtime";
    root.limit_frames = 4096;
    root.arguments = {{"tasks", text}, {"scheduler", scheduler}};
    cell.environments = {root};
    testbed::Scenario scenario;
    scenario.name = "set";
    scenario.cells = {cell};
    const std::uint32_t chosen[] = {0};
    const auto bundle = testbed::make_bundle(scenario, chosen, {});
    EXPECT_TRUE(bundle) << bundle.error();
    const auto result = sim::machine::run_hosted(*bundle, 0, {});
    EXPECT_EQ(result.error, "") << text;
    EXPECT_EQ(result.outcome.exit_code, 0u) << text;
    Verdict verdict;
    for (const auto& env : result.envs) {
        for (const std::string& text_line : env.results) {
            const json line = json::parse(text_line);
            if (!line.contains("first_response")) continue;
            verdict.first_response.push_back(line["first_response"]);
            verdict.missed = line["set_missed"] != 0;
        }
    }
    return verdict;
}

TEST(RealTimeOnTheExokernel, EveryPublishedVerdict) {
    std::ifstream file{task_sets_path()};
    if (!file) GTEST_SKIP() << "skipped: data not present";
    unsigned sets = 0;
    for (std::string text; std::getline(file, text); ++sets) {
        const json set = json::parse(text);
        const Verdict fixed = run_set(set["tasks_CTD"], "dm");
        std::vector<std::uint64_t> expected;
        for (const json& worst : set["dm_worst_response"]) {
            expected.push_back(worst.is_null() ? 0 : worst.get<std::uint64_t>());
        }
        EXPECT_EQ(fixed.first_response, expected) << "set " << sets << ": " << text;
        EXPECT_EQ(!run_set(set["tasks_CTD"], "edf").missed, set["edf_schedulable"].get<bool>())
            << "set " << sets << ": " << text;
    }
    EXPECT_GE(sets, 1u);
}

TEST(RealTimeOnTheExokernel, EdfDoesWhatFixedPrioritiesCannot) {
    const json tasks = json::parse("[[2, 5, 5], [4, 7, 7]]");
    EXPECT_EQ(run_set(tasks, "dm").first_response, (std::vector<std::uint64_t>{2, 0}));
    EXPECT_EQ(run_set(tasks, "rm").first_response, (std::vector<std::uint64_t>{2, 0}));
    const Verdict edf = run_set(tasks, "edf");
    EXPECT_EQ(edf.first_response, (std::vector<std::uint64_t>{2, 6}));
    EXPECT_FALSE(edf.missed);
}

// scenarios/reservation.toml, in the order of its axis: rm, edf, cbs.
TEST(RealTimeOnTheExokernel, OnlyAServerKeepsAGreedyNeighbourToItsReservation) {
    for (const std::uint32_t cell : {0u, 1u, 2u}) {
        const auto result = run("reservation.toml", {}, cell);
        ASSERT_EQ(result.error, "");
        unsigned lines = 0;
        for (const auto& env : result.envs) {
            for (const std::string& text : env.results) {
                const json line = json::parse(text);
                if (!line.contains("missed")) continue;
                const bool served = line["scheduler"] == "cbs";
                EXPECT_EQ(line["missed"], served ? 0 : 1) << line;
                EXPECT_GE(line["jobs"], served ? 25 : 0) << line;
                ++lines;
            }
        }
        EXPECT_EQ(lines, 2u);
    }
}

}  // namespace
}  // namespace tests::adversary

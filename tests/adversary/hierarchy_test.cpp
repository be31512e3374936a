// Governors above governors: every member gets what its governor promised it, whatever policies
// are above and below, and whatever the others do; a wrong argument is one error that says whose.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "libos/sched/list.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/scenario.hpp"
#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

using nlohmann::json;
using sim::engine::CellResult;

// The result lines that have `column`.
std::vector<json> lines_with(const CellResult& result, const char* column) {
    std::vector<json> found;
    for (const auto& env : result.envs) {
        for (const std::string& text : env.results) {
            if (json line = json::parse(text); line.contains(column)) found.push_back(line);
        }
    }
    return found;
}

// Permille of the core that each member had in all windows together, by its name; and how many.
struct Got {
    std::map<std::string, double> had;
    std::map<std::string, double> entitled;
    std::map<std::string, unsigned> windows;

    explicit Got(const CellResult& result) {
        for (const json& line : lines_with(result, "window")) {
            had[line["who"]] += line["got_permille"].get<double>();
            entitled[line["who"]] += line["entitled_permille"].get<double>();
            ++windows[line["who"]];
        }
        for (auto& [who, sum] : had) sum /= windows[who];
        for (auto& [who, sum] : entitled) sum /= windows[who];
    }
};

// scenarios/hierarchy.toml: four policies at the top, three below.
class Hierarchy : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Hierarchy, EachLevelKeepsItsPromises) {
    const auto result = run("hierarchy.toml", {}, GetParam());
    ASSERT_EQ(result.error, "");
    ASSERT_EQ(result.outcome.exit_code, 0u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
    Got got{result};
    EXPECT_NEAR(got.had["flood"], 150, 8);
    EXPECT_NEAR(got.had["office"], 500, 25);
    EXPECT_NEAR(got.had["control"], 200, 20) << "a job of 1 ms every 5 ms";
    const double below = got.had["threads"] + got.had["steady"] + got.had["greedy"];
    // Windows of the two begin and end apart, by a slice or two.
    EXPECT_NEAR(below, got.had["office"], got.had["office"] * 0.03);
    EXPECT_NEAR(got.had["threads"], below * 3 / 6, below / 50);
    EXPECT_NEAR(got.had["steady"], below * 2 / 6, below / 50);
    EXPECT_NEAR(got.had["greedy"], below * 1 / 6, below / 50);
    for (const json& line : lines_with(result, "late")) {
        EXPECT_EQ(line["late"], 0) << line;
        EXPECT_GE(line["pieces"], 43) << "220 ms of jobs: " << line;
    }
}

INSTANTIATE_TEST_SUITE_P(Cells, Hierarchy, testing::Range(0u, 12u));

struct Governors {
    std::string scheduler = "fair";
    std::string root = "x share=2, inner";
    std::string inner = "y, deep";
    std::string deep = "z";
    std::uint32_t inner_limit = 800;
};

// A root governor over x and a second one, over y and a third one, over z.
CellResult run_governors(const Governors& given) {
    namespace testbed = sim::testbed;
    testbed::Cell cell;
    cell.name = "governors";
    cell.machine = {.pool_frames = 4096, .slice_ns = 1'000'000, .seed = 1,
                    .costs = {100, 200, 50, 20, 30, 300, 400, 40, 60, 700}};
    const auto add = [&cell](const char* name, const char* program, std::uint32_t limit,
                             std::vector<std::pair<std::string, std::string>> arguments) {
        testbed::Environment& one = cell.environments.emplace_back();
        one.name = name;
        one.program = program;
        one.limit_frames = limit;
        for (auto& each : arguments) one.arguments.emplace_back(each.first, each.second);
    };
    add("root", "governor", 4096, {{"scheduler", given.scheduler}, {"members", given.root}});
    add("x", "consumer", 160, {{"manner", "greedy"}});
    add("inner", "governor", given.inner_limit,
        {{"scheduler", given.scheduler}, {"members", given.inner}});
    add("y", "consumer", 160, {{"manner", "critical"}});
    add("deep", "governor", 400, {{"scheduler", given.scheduler}, {"members", given.deep}});
    add("z", "consumer", 160, {{"manner", "sleepy"}});
    testbed::Scenario scenario;
    scenario.name = "governors";
    scenario.cells = {cell};
    const std::uint32_t chosen[] = {0};
    const auto bundle = testbed::make_bundle(scenario, chosen, {});
    EXPECT_TRUE(bundle) << bundle.error();
    return sim::machine::run_hosted(*bundle, 0, {});
}

class Governed : public testing::TestWithParam<std::string> {};

TEST_P(Governed, TimeAddsUpOnAllLevels) {
    Governors given{.scheduler = GetParam(),
                    .root = "x share=2 priority=1 gang=1 period_us=4000 size_us=400",
                    .inner = "y period_us=4000 size_us=400",
                    .deep = "z period_us=3000 size_us=50"};
    const bool reserves = given.scheduler == "cbs";
    if (reserves) given.root += " budget_us=1000";
    given.root += ", inner priority=2 gang=2 period_us=5000 size_us=400";
    if (reserves) given.root += " budget_us=3500";
    if (reserves) given.inner += " budget_us=1000";
    given.inner += ", deep share=3 priority=3 period_us=3000 size_us=50";
    if (reserves) given.inner += " budget_us=600";
    if (reserves) given.deep += " budget_us=300";
    const auto result = run_governors(given);
    ASSERT_EQ(result.error, "");
    ASSERT_EQ(result.outcome.exit_code, 0u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
    Got got{result};
    const double top = got.had["x"] + got.had["inner"];
    const double below = got.had["y"] + got.had["deep"];  // nothing, where inner starves
    EXPECT_LE(top, 1000);
    EXPECT_LE(below, 1000);
    EXPECT_LE(got.had["z"], 1000);
    if (reserves) {
        EXPECT_NEAR(got.had["x"], 250, 10);
        EXPECT_NEAR(got.had["y"], 250, 25);
        EXPECT_NEAR(below, got.had["inner"], 10);
        EXPECT_NEAR(got.had["z"], got.had["deep"], 10);
        EXPECT_GE(got.had["z"], 50);
    } else {
        EXPECT_GE(top, 970) << "x can always run";
    }
}

INSTANTIATE_TEST_SUITE_P(Schedulers, Governed, testing::ValuesIn([] {
                             std::vector<std::string> all;
                             for (const auto name : libos::sched::scheduler_names()) {
                                 all.emplace_back(name);
                             }
                             return all;
                         }()),
                         [](const auto& given) {
                             std::string name = given.param;
                             std::erase(name, '-');
                             return name;
                         });

// A canary: what budgets are for, and the tests above would see.
TEST(GovernorsBudgets, WithoutThemEdfStarvesWhoeverIsLater) {
    Governors given{.scheduler = "edf",
                    .root = "x period_us=4000 budget_us=1000, inner period_us=2000",
                    .inner = "y period_us=4000, deep period_us=4000",
                    .deep = "z period_us=4000"};
    EXPECT_LE(Got{run_governors(given)}.had["x"], 5);
    given.root += " budget_us=1200";
    EXPECT_NEAR(Got{run_governors(given)}.had["x"], 250, 10);
}

TEST(GovernorsArguments, AMemberWithoutRoomIsNamed) {
    Governors given;
    given.inner_limit = 100;
    const auto result = run_governors(given);
    EXPECT_EQ(result.outcome.exit_code, 1u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
    std::string said;
    for (const auto& env : result.envs) said += env.text;
    EXPECT_EQ(said, "panic: inner: deep does not start: over limit\n");
}

TEST(GovernorsArguments, WhatIsWrongIsOneErrorThatNamesTheEnvironment) {
    struct Wrong {
        Governors given;
        const char* error;
        std::uint32_t exit_code = 2;
    };
    const Wrong wrong[] = {
        {{.scheduler = "edf", .root = "x period_us=9, inner"},
         "root: inner: period_us is missing (scheduler edf)\n"},
        {{.scheduler = "rm"}, "root: x: period_us is missing (scheduler rm)\n"},
        {{.scheduler = "dm"}, "root: x: period_us or deadline_us is missing (scheduler dm)\n"},
        {{.scheduler = "cbs", .root = "x period_us=9, inner"},
         "root: x: budget_us is missing (scheduler cbs)\n"},
        {{.root = "x budget_us=9 period_us=8, inner"},
         "root: x: budget_us is over period_us (scheduler fair)\n"},
        {{.root = "x budget_us=9, inner"}, "root: x: period_us is missing (scheduler fair)\n"},
        {{.scheduler = "cbs",
          .root = "x period_us=9 budget_us=9, inner period_us=9 budget_us=1"},
         "root: inner: the scheduler cannot promise its terms\n"},
        {{.root = "x share=0, inner"},
         "root: x: share=0: expected share, priority, gang, period_us, deadline_us, budget_us or "
         "size_us = a number within its range\n"},
        {{.root = "x colour=1, inner"},
         "root: x: colour=1: expected share, priority, gang, period_us, deadline_us, budget_us or "
         "size_us = a number within its range\n"},
        {{.root = "x, inner, ghost"}, "root: ghost: there is no such environment on this core\n"},
        {{.root = "x, inner, x"}, "root: x: is named twice\n"},
        {{.root = "inner"}, "root: x: no governor before it names it\n"},
        {{.root = "x, inner, y"}, "root: y: it is a member of two governors\n"},
        {{.root = "all"}, "root: y: it is a member of two governors\n"},
        {{.root = ","}, "root: members: a name is missing\n"},
        {{.inner = "y, deep share=x"},
         "inner: deep: share=x: expected share, priority, gang, period_us, deadline_us, budget_us "
         "or size_us = a number within its range\n", 1},
        {{.inner = "y, deep, x"}, "inner: x: stands before its governor\n", 1},
    };
    for (const Wrong& each : wrong) {
        const auto result = run_governors(each.given);
        std::string said;
        for (const auto& env : result.envs) said += env.text;
        EXPECT_EQ(result.outcome.exit_code, each.exit_code) << said;
        EXPECT_EQ(said, each.error);
        EXPECT_EQ(result.outcome.frames_lost, 0u) << said;
    }
}

}  // namespace
}  // namespace tests::adversary

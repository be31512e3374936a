// Slices of a core's time: what each manner of an environment gets, and what overrun costs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

using nlohmann::json;

// scenarios/slices.toml and program timekeeper's defaults.
constexpr double slice_ns = 200'000;
constexpr double grace_ns = 50'000;

class Slices : public testing::Test {
protected:
    void SetUp() override {
        const auto result = run("slices.toml", {});
        ASSERT_EQ(result.error, "");
        ASSERT_EQ(result.outcome.exit_code, 0u);
        EXPECT_EQ(result.outcome.frames_lost, 0u);
        for (const auto& env : result.envs) {
            for (const std::string& line : env.results) sort(json::parse(line));
        }
        for (const char* name : {"polite", "greedy", "critical", "dozing", "sleepy", "steady"}) {
            ASSERT_TRUE(totals_.contains(name)) << name;
            ASSERT_TRUE(own_.contains(name)) << name;
        }
    }

    void sort(const json& line) {
        if (line.contains("turns")) totals_[line["who"]] = line;
        if (line.contains("window")) windows_.push_back(line);
        if (line.contains("manner")) own_[line["manner"]] = line;
    }
    double total(const char* who, const char* key) { return totals_[who][key].get<double>(); }

    std::map<std::string, json> totals_, own_;
    std::vector<json> windows_;
};

TEST_F(Slices, NobodyWhoNeedsItsTimeGetsLessThanItsShare) {
    // A window does not hold whole cycles: a part of one is in the next. Over all of them that
    // evens out.
    constexpr int part_of_cycle = 60;  // permille
    std::map<std::string, int> more;
    for (const json& line : windows_) {
        if (line["who"] == "sleepy" || line["who"] == "dozing") continue;
        const int error = line["got_permille"].get<int>() - line["entitled_permille"].get<int>();
        EXPECT_GE(error, -part_of_cycle) << line;
        more[line["who"]] += error;
    }
    EXPECT_EQ(more.size(), 4u);
    for (const auto& [who, sum] : more) EXPECT_GE(sum, 0) << who;
    EXPECT_EQ(windows_.size(), 8u * 6u);
}

TEST_F(Slices, WhatASleeperLeavesGoesToOthers) {
    for (const json& line : windows_) {
        if (line["who"] != "sleepy") continue;
        EXPECT_LT(line["got_permille"].get<int>(), line["entitled_permille"].get<int>()) << line;
    }
    EXPECT_GT(total("steady", "time_ns"), 0) << "it has idle time alone";
}

TEST_F(Slices, OverrunIsBoundedByTheGraceAndPaidFor) {
    for (const char* who : {"greedy", "critical"}) {
        const double overrun = total(who, "overrun_ns");
        EXPECT_NEAR(overrun / total(who, "turns"), grace_ns, grace_ns / 50) << who;
        EXPECT_EQ(overrun, total(who, "forfeited_ns") + total(who, "debt_ns")) << who;
        EXPECT_LE(total(who, "debt_ns"), total(who, "share") * (grace_ns + grace_ns / 50)) << who;
    }
    EXPECT_LT(total("polite", "overrun_ns"), total("polite", "turns") * slice_ns / 100)
        << "giving way costs a polite environment the way there";
    EXPECT_EQ(total("sleepy", "overrun_ns"), 0);
    EXPECT_LT(total("dozing", "overrun_ns"), total("dozing", "turns") * grace_ns / 10)
        << "who sleeps in its grace gives it back";
    EXPECT_GT(own_["dozing"]["ends"], 0);
}

TEST_F(Slices, EveryTurnIsToldToWhoWantsToKnow) {
    for (const char* who : {"polite", "greedy"}) {
        EXPECT_NEAR(own_[who]["ends"].get<double>(), total(who, "turns"), 1) << who;
        EXPECT_NEAR(own_[who]["begins"].get<double>(), total(who, "turns"), 1) << who;
    }
    for (const char* who : {"critical", "sleepy", "steady"}) {
        EXPECT_EQ(own_[who]["begins"], 0) << who;
        EXPECT_EQ(own_[who]["ends"], 0) << who;
    }
}

// Cells of scenarios/shares.toml, in the order of its axis.
struct Governed {
    const char* scheduler;
    int window_error_most;  // permille of the core's time
    int total_error_most;
};

class Shares : public testing::TestWithParam<Governed> {};

TEST_P(Shares, EachGetsItsShareWhateverItsManners) {
    static constexpr const char* order[] = {"stride", "lottery", "fair", "eevdf"};
    const Governed& given = GetParam();
    const auto cell = static_cast<std::uint32_t>(
        std::ranges::find(order, std::string_view{given.scheduler}) - std::begin(order));
    const auto result = run("shares.toml", {}, cell);
    ASSERT_EQ(result.error, "");
    ASSERT_EQ(result.outcome.exit_code, 0u);
    std::map<std::string, int> errors;
    unsigned lines = 0;
    for (const auto& env : result.envs) {
        for (const std::string& text : env.results) {
            const json line = json::parse(text);
            if (!line.contains("window")) continue;
            const int error =
                line["got_permille"].get<int>() - line["entitled_permille"].get<int>();
            EXPECT_LE(std::abs(error), given.window_error_most) << line;
            errors[line["who"]] += error;
            ++lines;
        }
    }
    EXPECT_EQ(lines, 8u * 4u);
    for (const auto& [who, sum] : errors) {
        EXPECT_LE(std::abs(sum / 8), given.total_error_most) << who;
    }
}

// A window has 50 slices of 20 permille. The deterministic policies are off by one slice and the
// governor's own time; lottery by 3.5 standard deviations of 50 draws, and of 400.
INSTANTIATE_TEST_SUITE_P(Schedulers, Shares,
                         testing::Values(Governed{"stride", 40, 10}, Governed{"lottery", 245, 90},
                                         Governed{"fair", 40, 10}, Governed{"eevdf", 40, 10}),
                         [](const auto& given) { return std::string{given.param.scheduler}; });

}  // namespace
}  // namespace tests::adversary

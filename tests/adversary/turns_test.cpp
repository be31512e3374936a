// Blocking at awkward instants: who runs next, what the others keep of their time, and the first
// core's end in the middle of everything.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

using nlohmann::json;

// program probe_turns
constexpr double slice_ns = 200'000;
constexpr double grace_ns = 50'000;
constexpr std::uint32_t blocking_cell = 0;
constexpr std::uint32_t reply_cell = 1;
constexpr std::uint64_t turns_stride = 101;

std::vector<json> lines_of(std::uint32_t cell) {
    sim::engine::CellResult result;
    EXPECT_EQ(conservation_of("probe_turns.toml", turns_stride, result, cell), "");
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.exit_code, 0u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
    std::vector<json> lines;
    for (const auto& env : result.envs) {
        for (const std::string& line : env.results) lines.push_back(json::parse(line));
        EXPECT_EQ(env.text, "");
    }
    return lines;
}

TEST(Turns, WhoBlocksInTheGraceTakesNothingFromOthersAndPaysForIt) {
    std::map<int, json> slices;
    int blockers = 0;
    for (const json& line : lines_of(blocking_cell)) {
        if (line.contains("slice")) slices[line["slice"].get<int>()] = line;
        if (line.contains("blocked") && line["blocked"].get<int>() > 4) ++blockers;
    }
    EXPECT_EQ(blockers, 4) << "each blocked in several of its graces";
    ASSERT_EQ(slices.size(), 5u);
    for (const auto& [number, slice] : slices) {
        const double turns = slice["turns"].get<double>();
        const double overrun = slice["overrun_ns"].get<double>();
        EXPECT_LE(overrun, turns * grace_ns) << slice;
        EXPECT_EQ(overrun, slice["forfeited_ns"].get<double>() + slice["debt_ns"].get<double>());
    }
    const json& victim = slices[0];
    const double turns = victim["turns"].get<double>();
    const double elapsed = victim["elapsed_ns"].get<double>();
    // It has no idle time: its time is its turns', but for the last one and for the way there.
    EXPECT_GE(victim["time_ns"].get<double>(), (turns - 1) * slice_ns * 0.99) << victim;
    EXPECT_LE(victim["time_ns"].get<double>(), (turns + 1) * slice_ns) << victim;
    constexpr double positions = 7;
    EXPECT_GE(turns, elapsed / (positions * slice_ns) - 2) << victim;
}

TEST(Turns, WhoAnswersInItsOwnSliceKeepsItFromItsClient) {
    int answers = 0;
    for (const json& line : lines_of(reply_cell)) {
        if (!line.contains("client_ns")) continue;
        ++answers;
        EXPECT_EQ(line["position"], 1) << line;
        EXPECT_LT(line["late_ns"].get<int>(), 5'000) << line;
        EXPECT_EQ(line["client_ns"], 0) << line;
        EXPECT_GT(line["idler_ns"].get<int>(), 30'000) << line;
    }
    EXPECT_EQ(answers, 8);
}

// Cells of scenarios/probe_ends.toml: as many as it has instants.
constexpr std::uint32_t ends = 80;
constexpr std::uint64_t ends_stride = 211;

TEST(FirstCore, EndsAtAnyTimeAndAllMemoryComesBack) {
    for (std::uint32_t cell = 0; cell < ends; ++cell) {
        sim::engine::CellResult result;
        EXPECT_EQ(conservation_of("probe_ends.toml", ends_stride, result, cell), "") << cell;
        EXPECT_EQ(result.error, "") << cell;
        EXPECT_EQ(result.outcome.exit_code, 0u) << cell;
        EXPECT_EQ(result.outcome.frames_lost, 0u) << cell;
        for (const auto& env : result.envs) EXPECT_EQ(env.text, "") << cell;
    }
}

}  // namespace
}  // namespace tests::adversary

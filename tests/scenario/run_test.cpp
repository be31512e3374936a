// Running cells: a crash costs its own cell, results survive an interruption, and a run resumes.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/testbed/cell_codec.hpp"
#include "sim/testbed/expectation.hpp"
#include "sim/testbed/recorder.hpp"
#include "sim/testbed/report.hpp"
#include "sim/testbed/results_folder.hpp"
#include "sim/testbed/runner.hpp"
#include "sim/testbed/table.hpp"
#include "tests/scenario/test_catalogue.hpp"

namespace {

using namespace sim::testbed;
using sim::engine::CellResult;
namespace fs = std::filesystem;

CellResult result_of(std::uint32_t cell) {
    CellResult result;
    result.cell = cell;
    result.trace_hash = 0x1234'5678'9abc'def0 + cell;
    result.events.resize(cell);
    sim::engine::EnvResult env;
    env.name = "a";
    env.results = {R"({"env":"a"})", R"({"misses":)" + std::to_string(cell) + "}", "not JSON"};
    env.text = "text\n";
    result.envs.push_back(env);
    return result;
}

Scenario scenario_of(std::uint32_t seeds) {
    std::string text = "[[environments]]\nprogram = \"greet\"\nname = \"a\"\n[sweep]\nseed = [";
    for (std::uint32_t i = 0; i < seeds; ++i) text += std::to_string(i) + ",";
    Problems problems;
    auto scenario = parse_scenario(text + "]\n", "s.toml", tests::test_catalogue(), {}, problems);
    EXPECT_TRUE(scenario) << problems.text();
    return std::move(*scenario);
}

TEST(CellCodec, RoundTripAndEveryTruncation) {
    const std::string bytes = encode_cell(result_of(3));
    const auto decoded = decode_cell(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(encode_cell(*decoded), bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode_cell(std::string_view{bytes}.substr(0, size))) << size;
    }
}

TEST(Runner, CrashedCellsFailAloneAndSayWhy) {
    const std::uint32_t numbers[] = {10, 11, 12, 13};
    std::map<std::uint32_t, std::string> errors;
    const bool complete = run_cells({}, numbers, {
        .parallel = 2,
        .run_cell =
            [](std::span<const std::byte>, std::uint32_t cell) -> CellResult {
                if (cell == 1) {
                    std::fputs("the last words\n", stderr);
                    std::_Exit(9);
                }
                if (cell == 2) std::raise(SIGKILL);
                return result_of(cell);
            },
        .on_result = [&](CellResult result) { errors[result.cell] = result.error; }});
    EXPECT_TRUE(complete);
    ASSERT_EQ(errors.size(), 4u);
    EXPECT_EQ(errors[10], "");
    EXPECT_EQ(errors[11], "its process ended with code 9; it said:\nthe last words\n");
    EXPECT_NE(errors[12].find("signal 9"), std::string::npos);
    EXPECT_EQ(errors[13], "");
}

TEST(Runner, InterruptKeepsFinishedCells) {
    const std::uint32_t numbers[] = {0, 1, 2, 3, 4, 5};
    std::set<std::uint32_t> done;
    const sim::host::process::Interrupt interrupt;
    const bool complete = run_cells({}, numbers, {
        .parallel = 1,
        .run_cell = [](std::span<const std::byte>, std::uint32_t cell) { return result_of(cell); },
        .on_result = [&](CellResult result) {
            done.insert(result.cell);
            if (done.size() == 2) sim::host::process::Interrupt::raise();
        }});
    EXPECT_FALSE(complete);
    EXPECT_EQ(done, (std::set<std::uint32_t>{0, 1}));
}

class FolderTest : public testing::Test {
protected:
    sim::host::file::TemporaryFolder temporary_;
    std::string path_ = temporary_.file("results");
};

TEST_F(FolderTest, ResumeTakesGoodRecordsOnly) {
    const Scenario scenario = scenario_of(4);
    auto folder = ResultsFolder::create(path_, scenario);
    ASSERT_TRUE(folder) << folder.error();
    ASSERT_TRUE(folder->add(make_record(scenario, result_of(2), "hosted")));
    CellResult failed = result_of(1);
    failed.error = "crashed";
    ASSERT_TRUE(folder->add(make_record(scenario, failed, "hosted")));
    std::ofstream{path_ + "/cells.jsonl", std::ios::app} << "{\"cell\": 3, \"ok\": tr";
    EXPECT_FALSE(ResultsFolder::create(path_, scenario));
    const auto resumed = ResultsFolder::resume(path_, scenario);
    ASSERT_TRUE(resumed) << resumed.error();
    EXPECT_EQ(resumed->missing(scenario), (std::vector<std::uint32_t>{0, 1, 3}));
    EXPECT_FALSE(ResultsFolder::resume(path_, scenario_of(5)));
    EXPECT_FALSE(ResultsFolder::resume(path_ + "-absent", scenario));
}

TEST_F(FolderTest, IncompleteIsMarked) {
    const Scenario scenario = scenario_of(1);
    auto folder = ResultsFolder::create(path_, scenario);
    ASSERT_TRUE(folder) << folder.error();
    ASSERT_TRUE(folder->finish(scenario, "report"));
    EXPECT_TRUE(fs::exists(path_ + "/incomplete"));
    ASSERT_TRUE(folder->add(make_record(scenario, result_of(0), "hosted")));
    ASSERT_TRUE(folder->finish(scenario, "report"));
    EXPECT_FALSE(fs::exists(path_ + "/incomplete"));
}

TEST(Expectations, HoldFailOrApplyToNothing) {
    Scenario scenario = scenario_of(2);
    const std::vector<Json> records{make_record(scenario, result_of(0), "hosted"),
                                    make_record(scenario, result_of(1), "hosted")};
    Expectation expectation;
    expectation.column = "misses";
    expectation.at_most = 1;
    scenario.expectations = {expectation};
    EXPECT_TRUE(unmet_expectations(scenario, records).empty());
    scenario.expectations[0].at_most = 0;
    EXPECT_EQ(unmet_expectations(scenario, records).size(), 1u);
    scenario.expectations[0].column = "mises";
    EXPECT_EQ(unmet_expectations(scenario, records).size(), 1u);
}

TEST(Report, ShowsHostileTextAsText) {
    Scenario scenario = scenario_of(1);
    scenario.title = "<script>alert(1)</script>";
    CellResult result = result_of(0);
    result.envs[0].name = "<b>\xff";
    const std::vector<Json> records{make_record(scenario, result, "hosted")};
    const std::string page = make_report(scenario, records);
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos);
    EXPECT_FALSE(make_tables(records, {}).empty());
    EXPECT_EQ(to_line(records[0]).find('\n'), std::string::npos);
}

// Axes are text in a record: numbers make lines all the same, and names bars.
TEST(Report, DrawsWhatTheScenarioAsksFor) {
    Scenario scenario = scenario_of(3);
    std::vector<Json> records;
    for (std::uint32_t i = 0; i < 3; ++i) {
        Json record = make_record(scenario, result_of(i), "hosted");
        record["axes"] = {{"frames", std::to_string(10 * i + 10)},
                          {"disk", "<d" + std::to_string(i)}};
        records.push_back(std::move(record));
    }
    PlotRequest plot{.title = "Lines & all", .x = "frames", .y = "misses"};
    scenario.plots = {plot};
    const std::string lines = make_report(scenario, records);
    EXPECT_NE(lines.find("<h2>Lines &amp; all</h2>"), std::string::npos);
    EXPECT_NE(lines.find("<polyline points="), std::string::npos);
    EXPECT_EQ(lines.find("<rect "), std::string::npos);
    scenario.plots[0].x = "disk";
    const std::string bars = make_report(scenario, records);
    EXPECT_EQ(bars.find("<polyline"), std::string::npos);
    std::size_t count = 0;
    for (auto at = bars.find("<rect "); at != std::string::npos; at = bars.find("<rect ", at + 1)) {
        ++count;
    }
    EXPECT_EQ(count, 3u);
    EXPECT_NE(bars.find("&lt;d2</text>"), std::string::npos);
    EXPECT_EQ(bars.find("<d2"), std::string::npos);
    scenario.plots[0].where = {{"frames", "20"}};
    EXPECT_NE(make_report(scenario, records).find("&lt;d1</text>"), std::string::npos);
    EXPECT_EQ(make_report(scenario, records).find("&lt;d2</text>"), std::string::npos);
    scenario.plots[0].y = "mises";
    EXPECT_NE(make_report(scenario, records).find("No result line has what it asks for."),
              std::string::npos);
}

TEST(Recorder, MergesAccessesAndKeepsWrites) {
    Recorder recorder{{.skip = 0, .references_max = 0, .filter = 1}};
    const std::string_view text = "==1== hello\nI  00001000,3\nI  00001003,2\n L 00002000,8\n"
                                  " S 00002008,8\n M 00003ffc,8\n L zz,1\nI  0000";
    EXPECT_TRUE(recorder.feed(text));
    EXPECT_TRUE(recorder.feed(std::string_view{"5000,1\n"}));
    const auto trace = recorder.finish();
    EXPECT_EQ(trace.ids, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(trace.page, (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(trace.write, (std::vector<std::uint8_t>{0, 1, 1, 1, 0}));
}

TEST(Recorder, SkipsLimitsAndFilters) {
    Recorder recorder{{.skip = 1, .references_max = 2, .filter = 2}};
    EXPECT_FALSE(recorder.feed(std::string_view{
        " L 1000,1\n L 2000,1\n S 1000,1\n S 2000,1\n L 3000,1\n L 4000,1\n"}));
    const auto trace = recorder.finish();
    EXPECT_EQ(trace.ids, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(trace.write, (std::vector<std::uint8_t>{1, 0}));
}

}  // namespace

// chitin explore and replay, as a person uses them. Program `threads` expects its sleep to end on
// time, which a core that stands still must break: a failure to find, to replay and to shrink.
#include <nlohmann/json.hpp>

#include "tests/scenario/cli_fixture.hpp"

namespace tests::scenario {
namespace {

using nlohmann::json;

std::vector<json> lines_of(const std::string& text) {
    std::vector<json> all;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        all.push_back(json::parse(line, nullptr, false));
    }
    return all;
}

class ExploreTest : public CliTest {
protected:
    // A failure of `threads`, found.
    std::string found() {
        const Ran ran = chitin({"explore", scenario("threads.toml"), "--cell", "0", "--strategy",
                                "random", "--faults", "none", "--runs", "200", "--json", "-o",
                                file("found")});
        EXPECT_EQ(ran.status, 1) << ran.output;
        const auto lines = lines_of(ran.output);
        EXPECT_GE(lines.size(), 2u);
        return lines.size() < 2 ? "" : lines[0].value("file", "");
    }
};

TEST_F(ExploreTest, FindsReplaysAndShrinks) {
    const std::string failure = found();
    ASSERT_TRUE(fs::exists(failure)) << failure;
    const Ran again = chitin({"replay", failure, "--json"});
    EXPECT_EQ(again.status, 1);
    const auto line = json::parse(again.output, nullptr, false);
    ASSERT_TRUE(line.is_object()) << again.output;
    EXPECT_EQ(line["reproduced"], true);
    const std::string small = file("small.json");
    const Ran shrunk = chitin({"replay", failure, "--shrink", "--json", "-o", small});
    EXPECT_EQ(shrunk.status, 1);
    const auto least = json::parse(shrunk.output, nullptr, false);
    ASSERT_TRUE(least.is_object()) << shrunk.output;
    EXPECT_EQ(least["reproduced"], true);
    EXPECT_LE(least["decisions"].size(), 3u);
    EXPECT_LE(least["decisions"].size(), line["decisions"].size());
    const Ran explained = chitin({"replay", small});
    EXPECT_EQ(explained.status, 1);
    EXPECT_NE(explained.output.find("core 0 stands still for"), std::string::npos)
        << explained.output;
    const Ran here = chitin({"replay", small, "--here", "--json"});
    EXPECT_EQ(json::parse(here.output, nullptr, false)["reproduced"], true) << here.output;
}

TEST_F(ExploreTest, SaysWhatItDidAndWhatItMeans) {
    const Ran ran = chitin({"explore", scenario("cores.toml"), "--runs", "40", "--strategy",
                            "pct:2", "-o", file("out")});
    EXPECT_EQ(ran.status, 0) << ran.output;
    for (const char* said : {"40 runs in", "distinct schedules", "probes never reached:",
                             "no failure", "missed it with a chance of at most"}) {
        EXPECT_NE(ran.output.find(said), std::string::npos) << said << '\n' << ran.output;
    }
    std::ifstream summary{folder_ / "out" / "summary.json"};
    const auto json_summary = json::parse(summary, nullptr, false);
    ASSERT_TRUE(json_summary.is_object());
    EXPECT_EQ(json_summary["runs"], 40);
    EXPECT_EQ(json_summary["failures"], 0);
}

TEST_F(ExploreTest, AllSchedulesWithOnePreemption) {
    const Ran baseline = chitin({"histories", scenario("hello.toml"), "--cell", "0"});
    const auto events = json::parse(baseline.output, nullptr, false)["trace_events"];
    const Ran ran = chitin({"explore", scenario("hello.toml"), "--strategy", "bounded:1",
                            "--faults", "none", "--repeat", "0", "--runs",
                            std::to_string(events.get<unsigned>() + 1), "-o", file("out")});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_NE(ran.output.find("every schedule with at most 1 preemptions"), std::string::npos)
        << ran.output;
}

TEST_F(ExploreTest, ABoundedSearchEndsWithItsSchedules) {
    const Ran baseline = chitin({"histories", scenario("hello.toml"), "--cell", "0"});
    const auto events = json::parse(baseline.output, nullptr, false)["trace_events"];
    const Ran ran = chitin({"explore", scenario("hello.toml"), "--strategy", "bounded:1",
                            "--faults", "none", "--runs", "100000", "--json", "-o", file("out")});
    EXPECT_EQ(ran.status, 0) << ran.output;
    const auto line = json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(line.is_object()) << ran.output;
    EXPECT_EQ(line["runs"], events.get<unsigned>() + 1);
}

TEST_F(ExploreTest, ResultsAreNeitherLostNorOverwritten) {
    const std::vector<std::string> arguments{"explore", scenario("hello.toml"), "--runs", "2",
                                             "--json", "-o", file("out")};
    EXPECT_EQ(chitin(arguments).status, 0);
    EXPECT_EQ(chitin(arguments).status, 2);
    auto nowhere = arguments;
    nowhere.back() = file("plain", "text") + "/below";
    EXPECT_EQ(chitin(nowhere).status, 2);
}

TEST_F(ExploreTest, WrongInputIsOneClearError) {
    const std::string cores = scenario("cores.toml");
    const std::string broken = file("broken.json", "{\"format\": \"chitin replay 1\"}");
    const std::vector<std::vector<std::string>> wrong = {
        {"explore", cores, "--strategy", "pct"},     {"explore", cores, "--strategy", "luck"},
        {"explore", cores, "--faults", "stall"},     {"explore", cores, "--runs", "0"},
        {"explore", cores, "--cell", "7"},           {"explore", cores, "--collect", "0"},
        {"explore", cores, "--from", broken},        {"explore", "/nonexistent.toml"},
        {"replay", "/nonexistent.json"},             {"replay", broken},
        {"replay", scenario("cores.toml")},          {"replay"}};
    for (const auto& arguments : wrong) {
        const Ran ran = chitin(arguments);
        EXPECT_EQ(ran.status, 2) << arguments.back();
        EXPECT_EQ(ran.output, "") << arguments.back();
    }
}

TEST_F(ExploreTest, AReplayOfAnotherMachineIsRefused) {
    const std::string failure = found();
    std::ifstream in{failure};
    json content = json::parse(in, nullptr, false);
    ASSERT_TRUE(content.is_object());
    const auto refused = [&](const char* name, const json& value) {
        json other = content;
        other[name] = value;
        return chitin({"replay", file("other.json", other.dump())}).status;
    };
    EXPECT_EQ(refused("cores", 2), 2);
    EXPECT_EQ(refused("cell", 400), 2);
    EXPECT_EQ(refused("scenario", "[machine]\ncores = \"x\"\n"), 2);
    EXPECT_EQ(refused("decisions", json::array({{{"kind", "stall"}, {"core", 1}, {"at", 1},
                                                 {"value", 1}}})), 2);
    EXPECT_EQ(refused("workload", json::array({{{"environment", 0}, {"name", "nothing"},
                                                {"value", "1"}}})), 2);
    EXPECT_EQ(refused("decisions", json::array()), 0) << "without its decisions it does not fail";
}

}  // namespace
}  // namespace tests::scenario

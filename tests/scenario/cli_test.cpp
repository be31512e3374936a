// The command as a person or a script meets it: exit codes, and --json with nothing else.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/scenario/cli_fixture.hpp"

namespace tests::scenario {
namespace {

TEST_F(CliTest, RunPrintsATableAndKeepsResults) {
    const Ran ran = chitin({"run", scenario("hello.toml"), "-o", file("out")});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_NE(ran.output.find("trace hash"), std::string::npos) << ran.output;
    for (const char* name : {"cells.jsonl", "scenario.resolved.toml", "report.html"}) {
        EXPECT_TRUE(fs::exists(folder_ / "out" / name)) << name;
    }
    EXPECT_FALSE(fs::exists(folder_ / "out" / "incomplete"));
}

TEST_F(CliTest, ReportsHaveThePlotsTheirScenariosAskFor) {
    for (const char* name : {"smallfiles.toml", "commit.toml", "allocation.toml"}) {
        const std::string out = file(std::string{name} + ".out");
        ASSERT_EQ(chitin({"run", scenario(name), "-o", out}).status, 0) << name;
        std::ostringstream page;
        page << std::ifstream{out + "/report.html"}.rdbuf();
        EXPECT_NE(page.str().find("<rect "), std::string::npos) << name;
        EXPECT_EQ(page.str().find("No result line"), std::string::npos) << name;
    }
}

TEST_F(CliTest, JsonIsJsonLinesAndNothingElse) {
    const Ran ran = chitin({"run", scenario("hello.toml"), "--json", "-o", file("out")});
    EXPECT_EQ(ran.status, 0);
    std::istringstream lines{ran.output};
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    }
    EXPECT_EQ(count, 1u);
}

TEST_F(CliTest, ResumedCellsAreNotRunAgain) {
    ASSERT_EQ(chitin({"run", scenario("hello.toml"), "-o", file("out")}).status, 0);
    const auto before = fs::file_size(folder_ / "out" / "cells.jsonl");
    EXPECT_EQ(chitin({"run", scenario("hello.toml"), "--resume", file("out")}).status, 0);
    EXPECT_EQ(fs::file_size(folder_ / "out" / "cells.jsonl"), before);
    // Another seed is another scenario.
    EXPECT_EQ(chitin({"run", scenario("hello.toml"), "--seed", "5", "--resume", file("out")})
                  .status, 2);
}

TEST_F(CliTest, BadInputIsExitCode2) {
    EXPECT_EQ(chitin({"run", file("absent.toml")}).status, 2);
    EXPECT_EQ(chitin({"run", file("bad.toml", "[machine]\nx = 1\n")}).status, 2);
    EXPECT_EQ(chitin({"run"}).status, 2);
    EXPECT_EQ(chitin({"walk"}).status, 2);
    EXPECT_EQ(chitin({"--help"}).status, 0);
}

TEST_F(CliTest, UnmetExpectationsAreExitCode1) {
    const std::string path = file("e.toml",
                                  "[[environments]]\nprogram = \"hello\"\n[[expect]]\nexit = 7\n");
    EXPECT_EQ(chitin({"run", path, "-o", file("out")}).status, 1);
}

TEST_F(CliTest, AFailureOnAnotherCoreIsTheCells) {
    // Too little memory for a stack: init does not get it started.
    const std::string path = file("c.toml",
                                  "root = { program = \"init\", core = \"all\" }\n"
                                  "[machine]\ncores = 2\n[[environments]]\n"
                                  "program = \"hello\"\ncore = 1\nlimit = 10\n");
    const Ran ran = chitin({"run", path, "--json", "-o", file("out")});
    EXPECT_EQ(ran.status, 1);
    const auto record = nlohmann::json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(record.is_object()) << ran.output;
    EXPECT_EQ(record["cores"], 2);
    EXPECT_NE(record["exit_code"], 0);
    EXPECT_NE(record["error"].get<std::string>().find(" of core 1, environment init@1"),
              std::string::npos)
        << record["error"];
    EXPECT_EQ(record["environments"][0]["exit_code"], 0);
}

TEST_F(CliTest, EveryCoreRunsItsOwn) {
    const Ran ran = chitin({"run", scenario("cores.toml"), "--json", "-o", file("out")});
    EXPECT_EQ(ran.status, 0);
    const auto record = nlohmann::json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(record.is_object()) << ran.output;
    std::string cores;
    for (const auto& env : record["environments"]) {
        for (const auto& line : env["results"]) cores += line["core"].dump() + " ";
    }
    EXPECT_EQ(cores, "0 1 2 3 ");
}

// What environments of one core do to each other they do on any core, whatever the others do.
TEST_F(CliTest, CoresWithTheSameWorkGetTheSameResults) {
    const std::string path = file("c.toml",
                                  "root = { program = \"governor\", core = \"all\" }\n"
                                  "[machine]\ncores = 3\nmemory = \"24 MiB\"\n"
                                  "[[environments]]\nname = \"a\"\nprogram = \"consumer\"\n"
                                  "args = { manner = \"greedy\", share = 2 }\ncore = \"all\"\n"
                                  "[[environments]]\nname = \"b\"\nprogram = \"consumer\"\n"
                                  "args = { manner = \"polite\" }\ncore = \"all\"\n");
    const Ran ran = chitin({"run", path, "--json", "-o", file("out")});
    EXPECT_EQ(ran.status, 0);
    const auto record = nlohmann::json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(record.is_object()) << ran.output;
    std::map<unsigned, std::string> by_core;
    for (const auto& env : record["environments"]) {
        const auto core = env["core"].get<unsigned>();
        std::string lines = env["results"].dump();
        const std::string own = "@" + std::to_string(core);
        for (auto at = lines.find(own); at != std::string::npos; at = lines.find(own)) {
            lines.erase(at, own.size());
        }
        by_core[core] += env["history_events"].dump() + lines + "\n";
    }
    ASSERT_EQ(by_core.size(), 3u);
    EXPECT_GT(by_core[0].size(), 500u) << by_core[0];
    EXPECT_EQ(by_core[1], by_core[0]);
    EXPECT_EQ(by_core[2], by_core[0]);
}

TEST_F(CliTest, ListNamesWhatScenariosCanName) {
    const Ran ran = chitin({"list", "--json"});
    EXPECT_EQ(ran.status, 0);
    for (const char* name : {"\"hello\"", "\"paging\"", "\"lru\"", "\"default\""}) {
        EXPECT_NE(ran.output.find(name), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace tests::scenario

// `chitin crash` as a person or a script runs it.
#include <nlohmann/json.hpp>

#include <set>
#include <sstream>

#include "tests/scenario/cli_fixture.hpp"

namespace tests::scenario {
namespace {

class CrashTest : public CliTest {
protected:
    // The stock scenario, in few states.
    static Ran crash(std::vector<std::string> more) {
        std::vector<std::string> all{"crash", scenario("crash.toml"), "--random", "1", "--torn",
                                     "1", "--subsets", "1", "--machine-every", "300",
                                     "--set", "persist.steps=20", "--json"};
        all.insert(all.end(), more.begin(), more.end());
        return chitin(all);
    }
    static std::vector<nlohmann::json> lines(const std::string& output) {
        std::vector<nlohmann::json> all;
        std::istringstream stream{output};
        for (std::string line; std::getline(stream, line);) {
            all.push_back(nlohmann::json::parse(line));
        }
        return all;
    }
};

TEST_F(CrashTest, EveryFileSystemKeepsItsPromises) {
    const Ran ran = crash({});
    EXPECT_EQ(ran.status, 0) << ran.output;
    const auto all = lines(ran.output);
    std::set<std::string> formats;
    for (const auto& line : all) {
        if (line.contains("fs")) formats.insert(line["fs"]);
    }
    EXPECT_EQ(formats, (std::set<std::string>{"cofs", "fat", "log"}));
    EXPECT_EQ(all.back()["broken"], 0);
    EXPECT_GT(all.back()["states"], 100);
    EXPECT_NE(all.back()["bound"].get<std::string>().find("up to 1: every subset"),
              std::string::npos);
}

TEST_F(CrashTest, ADiskThatIgnoresFlushesFailsAndIsReplayed) {
    const Ran ran = crash({"--ignore-flushes", "--set", "fs=cofs"});
    EXPECT_EQ(ran.status, 1) << ran.output;
    for (const auto& line : lines(ran.output)) {
        if (!line.contains("where")) continue;
        const std::string state = std::to_string(line["state"].get<std::uint64_t>());
        const Ran again = crash({"--ignore-flushes", "--set", "fs=cofs", "--state", state});
        EXPECT_EQ(again.status, 1) << again.output;
        EXPECT_NE(again.output.find(line["what"].get<std::string>()), std::string::npos)
            << again.output;
        return;
    }
    ADD_FAILURE() << "no example: " << ran.output;
}

TEST_F(CrashTest, WrongUsageIsSaid) {
    EXPECT_EQ(crash({"--set", "fs=cofs", "--state", "99999999"}).status, 2);
    EXPECT_EQ(crash({"--cell", "7"}).status, 2);
    EXPECT_EQ(chitin({"crash", file("none.toml")}).status, 2);
    EXPECT_EQ(chitin({"crash", scenario("hello.toml")}).status, 1) << "it has no disk";
}

}  // namespace
}  // namespace tests::scenario

// Replay files: whole or refused, with the place.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "sim/explore/replay_file.hpp"
#include "sim/host/file/temporary_folder.hpp"

namespace tests::explore {
namespace {

using namespace sim::explore;
class ReplayFileTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(write_replay(path_, sample())); }

    static ReplayFile sample() {
        ReplayFile file;
        file.name = "cores";
        file.scenario = "title = \"x\"\n";
        file.base_folder = "/somewhere";
        file.cell = 3;
        file.check_every = 97;
        file.check_start = 5;
        file.baseline = {4, 1'000'000, 595, 81'320};
        file.strategy = "pct:3";
        file.run = 12;
        file.seed = ~std::uint64_t{0};
        file.failure = Failure::checker;
        file.text = "frame 12 is in two lists";
        file.decisions = {{DecisionKind::stall, 1, 17, 5000}, {DecisionKind::kill, 0, 3, 1}};
        file.workload = {{2, "messages", "1"}};
        return file;
    }
    std::string content() const {
        std::ostringstream all;
        all << std::ifstream{path_}.rdbuf();
        return all.str();
    }
    std::string refused(std::string text, const std::string& from, const std::string& to) const {
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        std::ofstream{path_} << text;
        const auto read = read_replay(path_);
        EXPECT_FALSE(read) << to;
        return read ? "" : read.error();
    }

    sim::host::file::TemporaryFolder folder_;
    std::string path_ = folder_.file("replay.json");
};

TEST_F(ReplayFileTest, ComesBackAsItWas) {
    const auto read = read_replay(path_);
    ASSERT_TRUE(read) << read.error();
    const ReplayFile file = sample();
    EXPECT_EQ(read->name, file.name);
    EXPECT_EQ(read->scenario, file.scenario);
    EXPECT_EQ(read->cell, file.cell);
    EXPECT_EQ(read->check_start, file.check_start);
    EXPECT_EQ(read->baseline.events, file.baseline.events);
    EXPECT_EQ(read->seed, file.seed);
    EXPECT_EQ(read->failure, file.failure);
    EXPECT_EQ(read->decisions, file.decisions);
    ASSERT_EQ(read->workload.size(), 1u);
    EXPECT_EQ(read->workload[0].name, "messages");
}

TEST_F(ReplayFileTest, WhatIsWrongIsNamed) {
    const std::string good = content();
    const struct {
        const char* from;
        const char* to;
        const char* named;
    } cases[] = {
        {"\"chitin replay 1\"", "\"chitin replay 2\"", "format"},
        {"\"cell\": 3", "\"cell\": -3", "\"cell\""},
        {"\"cell\": 3", "\"cell\": 4294967296", "\"cell\""},
        {"\"cell\": 3", "\"sell\": 3", "\"cell\""},
        {"\"scenario\": \"title = \\\"x\\\"\\n\"", "\"scenario\": 7", "\"scenario\""},
        {"\"failure\": \"checker\"", "\"failure\": \"none\"", "\"failure\""},
        {"\"kind\": \"stall\"", "\"kind\": \"nap\"", "decisions[0]"},
        {"\"kind\": \"kill\"", "\"kind\": 5", "decisions[1]"},
        {"\"core\": 1", "\"core\": 64", "decisions[0]"},
        {"\"at\": 17", "\"at\": 1.5", "decisions[0]"},
        {"\"name\": \"messages\"", "\"name\": []", "\"workload\""},
    };
    for (const auto& one : cases) {
        const std::string error = refused(good, one.from, one.to);
        EXPECT_NE(error.find(one.named), std::string::npos) << one.to << ": " << error;
        EXPECT_NE(error.find(path_), std::string::npos) << error;
    }
}

TEST_F(ReplayFileTest, CutShortAnywhereItIsRefused) {
    const std::string good = content();
    for (std::size_t length = 0; length + 2 < good.size(); length += 13) {
        std::ofstream{path_} << good.substr(0, length);
        EXPECT_FALSE(read_replay(path_)) << length;
    }
    EXPECT_FALSE(read_replay("/nonexistent/file.json"));
}

}  // namespace
}  // namespace tests::explore

// chitin trace: the whole history and nothing else, from both machines; a file Perfetto can read.
#include <iterator>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/scenario/cli_fixture.hpp"

namespace tests::scenario {
namespace {

class TraceTest : public CliTest {
protected:
    static std::string bytes_of(const std::string& path) {
        std::ifstream in{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    [[nodiscard]] std::string lines_of(const std::string& name) const {
        const std::string path = file("trace.json");
        EXPECT_EQ(chitin({"trace", scenario(name), "-o", path}).status, 0);
        return bytes_of(path);
    }
};

TEST_F(TraceTest, LinesAreTheHistory) {
    const auto events = nlohmann::json::parse(lines_of("exchange.toml"), nullptr, false);
    ASSERT_TRUE(events.is_array());
    const Ran ran = chitin({"histories", scenario("exchange.toml"), "--cell", "0"});
    const auto cell = nlohmann::json::parse(ran.output, nullptr, false);
    EXPECT_EQ(events.size(), cell["trace_events"].get<std::size_t>());
    std::uint64_t last_ns = 0;
    std::set<std::string> seen;
    for (const auto& event : events) {
        EXPECT_GE(event["ns"].get<std::uint64_t>(), last_ns);
        last_ns = event["ns"];
        seen.insert(event["what"]);
        seen.insert(event["name"]);
    }
    for (const char* expected :
         {"transfer_call", "transfer_wait", "map", "ended: exited", "exchange"}) {
        EXPECT_TRUE(seen.contains(expected)) << expected;
    }
}

TEST_F(TraceTest, JsonIsOneLineThatNamesTheFile) {
    const std::string path = file("hello.json");
    const Ran ran = chitin({"trace", scenario("hello.toml"), "--json", "-o", path});
    EXPECT_EQ(ran.status, 0);
    const auto line = nlohmann::json::parse(ran.output);
    EXPECT_EQ(line["file"], path);
    std::ifstream events{path};
    EXPECT_EQ(line["events"], nlohmann::json::parse(events).size());
}

TEST_F(TraceTest, TheImageHasTheSameLines) {
    if (!fs::exists(std::string{CHITIN_SOURCE} + "/build/image/image/chitin.elf")) {
        GTEST_SKIP() << "skipped: no image: ./chitin build image";
    }
    const std::string path = file("image.json");
    ASSERT_EQ(chitin({"trace", "--image", scenario("exchange.toml"), "-o", path}).status, 0);
    EXPECT_TRUE(bytes_of(path) == lines_of("exchange.toml"));
}

// What follows `key` on the lines of `text` that begin with it, blanks aside.
std::multiset<std::string> values_of(const std::string& text, const std::string& key) {
    std::multiset<std::string> values;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find_first_not_of(' ');
        if (at == std::string::npos || line.compare(at, key.size(), key) != 0) continue;
        values.insert(line.substr(at + key.size()));
    }
    return values;
}

TEST_F(TraceTest, PerfettosFileIsAProtobufWithTracksSlicesAndFlows) {
    const std::string path = file("t.perfetto-trace");
    ASSERT_EQ(chitin({"trace", scenario("exchange.toml"), "-o", path}).status, 0);
    if (sim::host::process::find_program("protoc").empty()) {
        GTEST_SKIP() << "skipped: protoc (protobuf-compiler) is not installed";
    }
    const Ran decoded = run({"sh", "-c", "protoc --decode_raw < " + path});
    ASSERT_EQ(decoded.status, 0);
    const auto types = values_of(decoded.output, "9: ");
    EXPECT_EQ(types.count("1"), types.count("2")) << "every slice that begins ends";
    EXPECT_GT(types.count("1"), 10u);
    const auto events = nlohmann::json::parse(lines_of("exchange.toml"), nullptr, false);
    EXPECT_EQ(types.count("3"), events.size()) << "every event is there";
    const auto begun = values_of(decoded.output, "47: ");
    const auto ended = values_of(decoded.output, "48: ");
    EXPECT_GT(ended.size(), 10u);
    for (const std::string& flow : ended) {
        EXPECT_EQ(begun.count(flow), 1u) << flow;
        EXPECT_EQ(ended.count(flow), 1u) << flow;
    }
    const auto names = values_of(decoded.output, "2: ");
    EXPECT_EQ(names.count("\"core 0\""), 1u);
}

TEST_F(TraceTest, SeveralCoresHaveATrackEach) {
    const std::string path = file("t.perfetto-trace");
    ASSERT_EQ(chitin({"trace", scenario("multikernel.toml"), "--cell", "2", "-o", path}).status, 0);
    const std::string bytes = bytes_of(path);
    for (const char* core : {"core 0", "core 1", "core 2", "core 3"}) {
        EXPECT_NE(bytes.find(core), std::string::npos) << core;
    }
    EXPECT_EQ(bytes.find("core 4"), std::string::npos);
}

// How often `what` is in `text`.
std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

TEST_F(TraceTest, ADrawingHasARowForEachCoreAndEnvironment) {
    const std::string path = file("t.svg");
    ASSERT_EQ(chitin({"trace", scenario("squeeze.toml"), "-o", path}).status, 0);
    const std::string drawing = bytes_of(path);
    EXPECT_TRUE(drawing.starts_with("<svg "));
    EXPECT_TRUE(drawing.ends_with("</svg>\n"));
    const auto events = nlohmann::json::parse(lines_of("squeeze.toml"), nullptr, false);
    std::set<int> envs;
    for (const auto& event : events) envs.insert(event.at("env").get<int>());
    EXPECT_EQ(count(drawing, "class=\"row\""), envs.size());
    EXPECT_EQ(count(drawing, ">core "), 1u);
    EXPECT_GT(count(drawing, "<rect class=\"upcall\""), 1u) << "beside the key's";
    EXPECT_EQ(count(drawing, "<text"), count(drawing, "</text>"));
    EXPECT_EQ(count(drawing, "<title>"), count(drawing, "</title></rect>"));
}

TEST_F(TraceTest, ADrawingShowsTransfersAsLines) {
    const std::string path = file("t.svg");
    ASSERT_EQ(chitin({"trace", scenario("exchange.toml"), "-o", path}).status, 0);
    EXPECT_GT(count(bytes_of(path), "class=\"arrow\""), 10u);
}

TEST_F(TraceTest, PartsOfAHistoryAreChosenByTime) {
    const std::string path = file("t.json");
    ASSERT_EQ(chitin({"trace", scenario("hello.toml"), "-o", path, "--from", "12 us", "--to",
                      "20us"}).status, 0);
    const auto part = nlohmann::json::parse(bytes_of(path), nullptr, false);
    const auto whole = nlohmann::json::parse(lines_of("hello.toml"), nullptr, false);
    EXPECT_GT(part.size(), 0u);
    EXPECT_LT(part.size(), whole.size());
    for (const auto& event : part) {
        EXPECT_GE(event.at("ns").get<int>(), 12'000);
        EXPECT_LE(event.at("ns").get<int>(), 20'000);
    }
}

TEST_F(TraceTest, WrongUsageIsSaidBeforeAnythingRuns) {
    const std::string hello = scenario("hello.toml");
    EXPECT_EQ(chitin({"trace", hello, "--cell", "1", "-o", file("t.json")}).status, 2);
    EXPECT_EQ(chitin({"trace", hello, "-o", file("t.txt")}).status, 2);
    EXPECT_EQ(chitin({"trace", hello, "-o", file("t.svg"), "--from", "soon"}).status, 2);
    EXPECT_EQ(chitin({"trace", hello, "-o", file("absent") + "/t.json"}).status, 1);
    EXPECT_EQ(chitin({"trace", scenario("absent.toml"), "-o", file("t.json")}).status, 2);
    EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace tests::scenario

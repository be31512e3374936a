// Scenario files: good ones become cells; bad ones report every error at once, with its place.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kernel/entry.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/data_file.hpp"
#include "tests/scenario/test_catalogue.hpp"

namespace {

using namespace sim::testbed;

struct Parsed {
    std::optional<Scenario> scenario;
    std::string errors;
};

class ScenarioTest : public testing::Test {
protected:
    void SetUp() override {
        std::ofstream{folder_ / "t.txt"} << "1\n2\n3\n4\n1\n2\n5\n6\n7\n8\n9\n10\n";
    }

    Parsed parse(std::string_view text, std::vector<std::string> settings = {},
                 std::optional<std::uint64_t> seed = {}) {
        Problems problems;
        Parsed parsed;
        parsed.scenario = parse_scenario(text, "s.toml", catalogue_,
                                         {std::move(settings), seed, folder_.string()}, problems);
        parsed.errors = problems.text();
        return parsed;
    }

    Catalogue catalogue_ = tests::test_catalogue();
    sim::host::file::TemporaryFolder temporary_;
    std::filesystem::path folder_ = temporary_.path();
};

constexpr const char* good_sweep = R"(
[machine]
memory = "8 MiB"
costs = "zero"
seed = 7
[[environments]]
name = "a"
program = "replay"
args = { trace = "t.txt" }
[sweep]
policy = "all"
frames = [3, "50%"]
view = ["references", "accessed-bits"]
)";

TEST_F(ScenarioTest, SweepIsEveryCombination) {
    const Parsed parsed = parse(good_sweep);
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    EXPECT_EQ(parsed.scenario->cells.size(), 3u * 2 * 2);
    const Cell& last = parsed.scenario->cells.back();
    EXPECT_EQ(last.name, "policy=arc frames=50% view=accessed-bits");
    EXPECT_EQ(last.machine.pool_frames, 2048u);
    EXPECT_EQ(last.machine.seed, 7u);
    ASSERT_EQ(last.environments.size(), 2u);
    EXPECT_EQ(last.environments[0].program, "init");
    const Arguments expected{
        {"trace", "0"}, {"policy", "arc"}, {"frames", "5"}, {"view", "accessed-bits"}};
    EXPECT_EQ(last.environments[1].arguments, expected);
    ASSERT_EQ(parsed.scenario->files.size(), 1u);
    EXPECT_EQ(parsed.scenario->files[0].pages, 10u);
    EXPECT_EQ(parsed.scenario->files[0].references, 12u);
}

TEST_F(ScenarioTest, BundleIsWellFormed) {
    const Parsed parsed = parse(good_sweep);
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    const std::uint32_t chosen[] = {0, 5};
    const ProgramFile program{"p", std::vector<std::byte>(100)};
    const auto plain = make_bundle(*parsed.scenario, chosen, {});
    const auto with_programs =
        make_bundle(*parsed.scenario, chosen, {.trace_full = true, .programs = {&program, 1}});
    ASSERT_TRUE(plain && with_programs);
    for (const auto* bundle : {&*plain, &*with_programs}) {
        const char* const wrong = kernel::bundle_check(bundle->data(), bundle->size());
        EXPECT_EQ(wrong, nullptr) << wrong;
    }
    // Programs behind the data move no data file.
    const auto file_offset = [](const std::vector<std::byte>& bundle) {
        const auto* header = reinterpret_cast<const kernel::abi::BundleHeader*>(bundle.data());
        return reinterpret_cast<const kernel::abi::FileRecord*>(bundle.data() +
                                                                header->files_offset)->offset;
    };
    EXPECT_EQ(file_offset(*plain), file_offset(*with_programs));
}

TEST_F(ScenarioTest, SettingsAndSeed) {
    const Parsed parsed = parse(good_sweep, {"policy=lru,fifo", "sweep.frames=[4]",
                                             "machine.memory=\"16 MiB\"", "a.check=false"}, 99);
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    EXPECT_EQ(parsed.scenario->cells.size(), 4u);
    const Cell& cell = parsed.scenario->cells.front();
    EXPECT_EQ(cell.machine.pool_frames, 4096u);
    EXPECT_EQ(cell.machine.seed, 99u);
    EXPECT_EQ(cell.environments[1].arguments.back(), (std::pair<std::string, std::string>{
                                                         "check", "false"}));
}

TEST_F(ScenarioTest, BadSettingsAreNamed) {
    const Parsed parsed = parse(good_sweep, {"nothing", "b.frames=3", "a.frames=\"x\""});
    EXPECT_FALSE(parsed.scenario);
    EXPECT_NE(parsed.errors.find("--set: error: \"nothing\" is no setting"), std::string::npos);
    EXPECT_NE(parsed.errors.find("\"b.frames=3\" names nothing"), std::string::npos);
}

TEST_F(ScenarioTest, EveryErrorAtOnceWithItsPlace) {
    const Parsed parsed = parse(R"([machine]
memroy = "8 MiB"
seed = "one"
slice = "3 parsecs"
costs = "defualt"
[[environments]]
program = "replya"
[[environments]]
name = "b"
program = "replay"
limit = 10
guarantee = 20
[environments.args]
trace = "absent.txt"
polcy = "lru"
frames = 11
view = "both"
check = 3
[sweep]
policy = ["lru", "lur"]
)");
    EXPECT_FALSE(parsed.scenario);
    for (const char* expected :
         {"s.toml:2:1: error: unknown key \"memroy\" in [machine]; did you mean \"memory\"?",
          "s.toml:3:8: error: \"seed\" is text, expected an integer",
          "s.toml:4:9: error: \"slice\" is no duration",
          "s.toml:5:9: error: unknown cost profile \"defualt\"; did you mean \"default\"?",
          "s.toml:7:11: error: there is no program \"replya\"; did you mean \"replay\"?",
          "s.toml:12:13: error: impossible memory: guarantee of 20 frames",
          "s.toml:14:9: error: unreadable trace: ",
          "s.toml:15:1: error: program \"replay\" has no argument \"polcy\"; did you mean "
          "\"policy\"?",
          "s.toml:16:10: error: impossible memory: 11 frames for \"b\", expected at most 10",
          "s.toml:17:8: error: argument \"view\" is \"both\", expected one of: references",
          "s.toml:18:9: error: argument \"check\" is \"3\", expected true or false",
          "s.toml:20:18: error: argument \"policy\" is \"lur\", expected a replacement policy"}) {
        EXPECT_NE(parsed.errors.find(expected), std::string::npos)
            << "missing: " << expected << "\nin:\n" << parsed.errors;
    }
}

TEST_F(ScenarioTest, PlotsAreRead) {
    const Parsed parsed = parse(std::string{good_sweep} + R"(
[[report.plot]]
x = "frames"
y = "misses"
line = "policy"
beside = ["view", "seed"]
where = { policy = "lru" }
divide = 1000
log_y = true
)");
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    ASSERT_EQ(parsed.scenario->plots.size(), 1u);
    const PlotRequest& plot = parsed.scenario->plots[0];
    EXPECT_EQ(plot.line, "policy");
    EXPECT_EQ(plot.beside, (std::vector<std::string>{"view", "seed"}));
    EXPECT_EQ(plot.where, (Arguments{{"policy", "lru"}}));
    EXPECT_EQ(plot.divide, 1000);
    EXPECT_TRUE(plot.log_y);
}

TEST_F(ScenarioTest, WrongPlotsAreNamed) {
    const struct {
        const char* plot;
        const char* says;
    } wrong[] = {
        {"x = \"frames\"", "a plot of nothing, expected \"x\" and \"y\""},
        {"x = 3\ny = \"misses\"", "\"x\""},
        {"x = \"a\"\ny = \"b\"\nlines = \"c\"", "\"lines\""},
        {"x = \"a\"\ny = \"b\"\nbeside = \"c\"", "\"beside\""},
        {"x = \"a\"\ny = \"b\"\nbeside = [1]", "\"beside\""},
        {"x = \"a\"\ny = \"b\"\nwhere = { c = [1] }", "\"c\""},
        {"x = \"a\"\ny = \"b\"\ndivide = 0", "\"divide\" is not positive"},
        {"x = \"a\"\ny = \"b\"\nlog_y = 1", "\"log_y\""},
    };
    for (const auto& one : wrong) {
        const Parsed parsed =
            parse(std::string{good_sweep} + "\n[[report.plot]]\n" + one.plot + "\n");
        EXPECT_FALSE(parsed.scenario) << one.plot;
        EXPECT_NE(parsed.errors.find(one.says), std::string::npos) << parsed.errors;
    }
}

TEST_F(ScenarioTest, SyntaxErrorHasItsPlace) {
    const Parsed parsed = parse("[machine]\nmemory = = 3\n");
    EXPECT_FALSE(parsed.scenario);
    EXPECT_EQ(parsed.errors.substr(0, 9), "s.toml:2:");
}

TEST_F(ScenarioTest, ImpossibleMemory) {
    const char* const text = R"([machine]
memory = "4 MiB"
[[environments]]
program = "greet"
guarantee = 600
count = 2
)";
    EXPECT_NE(parse(text).errors.find("s.toml:2:10: error: impossible memory: guarantees of 1200"),
              std::string::npos)
        << parse(text).errors;
    EXPECT_NE(parse("[machine]\nmemory = \"1 MiB\"\n[[environments]]\nprogram = \"greet\"\n")
                  .errors.find("s.toml:2:10: error: \"memory\" is 256 pages, expected 512.."),
              std::string::npos);
    EXPECT_NE(parse("[machine]\nmemory = \"5 GiB\"\n[[environments]]\nprogram = \"greet\"\n")
                  .errors.find("s.toml:2:10: error: \"memory\" is 1310720 pages"),
              std::string::npos);
}

TEST_F(ScenarioTest, MissingPartsAreErrors) {
    EXPECT_NE(parse("").errors.find("nothing to run"), std::string::npos);
    EXPECT_NE(parse("[[environments]]\nname = \"x\"\n").errors.find(
                  "s.toml:1:1: error: an environment without \"program\""), std::string::npos);
    EXPECT_NE(parse("[[environments]]\nprogram = \"replay\"\n").errors.find(
                  "lacks its argument \"trace\""), std::string::npos);
    EXPECT_NE(parse("environments = 3\n").errors.find(
                  "s.toml:1:16: error: \"environments\" is an integer, expected an array"),
              std::string::npos);
    EXPECT_NE(parse("[[environments]]\nprogram=\"greet\"\n[[environments]]\nprogram=\"greet\"\n")
                  .errors.find("s.toml:3:1: error: a second environment called \"greet\""),
              std::string::npos);
}

TEST_F(ScenarioTest, UnknownAxesAreNamed) {
    EXPECT_NE(parse("[[environments]]\nprogram=\"greet\"\n[sweep]\nnmae = [\"x\"]\n")
                  .errors.find("s.toml:4:1: error: unknown axis \"nmae\"; did you mean \"name\"?"),
              std::string::npos);
}

TEST_F(ScenarioTest, SweepsAreBounded) {
    std::string text = "[[environments]]\nprogram = \"greet\"\n[sweep]\nseed = [";
    for (int i = 0; i < 5000; ++i) text += std::to_string(i) + ",";
    EXPECT_NE(parse(text + "]\n").errors.find("too many cells, expected at most 4096"),
              std::string::npos);
    EXPECT_NE(parse("[[environments]]\nprogram=\"greet\"\n[sweep]\n\"machine.cores\" = [1]\n"
                    "machine.cores = [2]\n")
                  .errors.find("the axis \"machine.cores\" stands twice"),
              std::string::npos);
    EXPECT_NE(parse("[[environments]]\nprogram=\"greet\"\n[sweep]\nseed = [1, 1]\n")
                  .errors.find("\"1\" stands twice on the axis \"seed\""),
              std::string::npos);
}

}  // namespace

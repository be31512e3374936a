// Scenarios with several cores: who runs where and under which name, and what is wrong.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/abi/bundle.hpp"
#include "kernel/entry.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/event_text.hpp"
#include "sim/testbed/expectation.hpp"
#include "sim/testbed/record.hpp"
#include "sim/testbed/table.hpp"
#include "tests/scenario/test_catalogue.hpp"

namespace {

using namespace sim::testbed;

struct Parsed {
    std::optional<Scenario> scenario;
    std::string errors;
};

Parsed parse(std::string_view text, std::vector<std::string> settings = {},
             std::optional<std::uint64_t> seed = {}) {
    Problems problems;
    Parsed parsed;
    parsed.scenario = parse_scenario(text, "s.toml", tests::test_catalogue(),
                                     {std::move(settings), seed, {}}, problems);
    parsed.errors = problems.text();
    return parsed;
}

// "core:name ..." of a cell's environments, in their order.
std::string who_runs_where(const Cell& cell) {
    std::string all;
    for (const Environment& each : cell.environments) {
        all += (all.empty() ? "" : " ") + std::to_string(each.core) + ":" + each.name;
    }
    return all;
}

constexpr const char* mixed = R"([machine]
cores = 3
memory = "12 MiB"
[[environments]]
name = "last"
program = "greet"
core = 2
[[environments]]
name = "first"
program = "greet"
[[environments]]
name = "each"
program = "greet"
core = "all"
[[environments]]
name = "rest"
program = "greet"
core = "others"
count = 2
)";

TEST(Cores, EnvironmentsAreInTheOrderOfTheirCores) {
    const Parsed parsed = parse(mixed);
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    const Cell& cell = parsed.scenario->cells.front();
    EXPECT_EQ(cell.machine.cores, 3u);
    EXPECT_EQ(who_runs_where(cell),
              "0:init 0:first 0:each@0 1:each@1 1:rest-1@1 1:rest-2@1 "
              "2:last 2:each@2 2:rest-1@2 2:rest-2@2");
    for (const Environment& each : cell.environments) EXPECT_EQ(each.limit_frames, 1024u);
}

TEST(Cores, BundleSaysTheSame) {
    const Parsed parsed = parse(mixed);
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    const std::uint32_t chosen[] = {0};
    const auto bundle = make_bundle(*parsed.scenario, chosen, {});
    ASSERT_TRUE(bundle);
    const char* const wrong = kernel::bundle_check(bundle->data(), bundle->size());
    EXPECT_EQ(wrong, nullptr) << wrong;
    const auto* header = reinterpret_cast<const kernel::abi::BundleHeader*>(bundle->data());
    const auto* cell =
        reinterpret_cast<const kernel::abi::CellRecord*>(bundle->data() + header->cells_offset);
    const auto* envs =
        reinterpret_cast<const kernel::abi::EnvRecord*>(bundle->data() + header->envs_offset);
    EXPECT_EQ(cell->cores, 3u);
    ASSERT_EQ(cell->env_count, 10u);
    const std::uint32_t cores[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 2};
    for (std::uint32_t i = 0; i < cell->env_count; ++i) EXPECT_EQ(envs[i].core, cores[i]) << i;
}

TEST(Cores, ReplicasFollowASweep) {
    const Parsed parsed = parse("root = { program = \"init\", core = \"all\" }\n"
                                "[[environments]]\nprogram = \"greet\"\ncore = \"others\"\n"
                                "[sweep]\nmachine.cores = [1, 2, 3]\n");
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    ASSERT_EQ(parsed.scenario->cells.size(), 3u);
    EXPECT_EQ(parsed.scenario->axis_names, std::vector<std::string>{"machine.cores"});
    EXPECT_EQ(parsed.scenario->cells[2].name, "machine.cores=3");
    EXPECT_EQ(who_runs_where(parsed.scenario->cells[0]), "0:init@0");
    EXPECT_EQ(who_runs_where(parsed.scenario->cells[1]), "0:init@0 1:init@1 1:greet@1");
    EXPECT_EQ(who_runs_where(parsed.scenario->cells[2]),
              "0:init@0 1:init@1 1:greet@1 2:init@2 2:greet@2");
}

TEST(Cores, SettingsReachThem) {
    constexpr const char* plain = "[[environments]]\nprogram = \"greet\"\n";
    auto cores_of = [](const Parsed& parsed) {
        std::vector<std::uint32_t> all;
        if (!parsed.scenario) return all;
        for (const Cell& cell : parsed.scenario->cells) all.push_back(cell.machine.cores);
        return all;
    };
    using Counts = std::vector<std::uint32_t>;
    EXPECT_EQ(cores_of(parse(plain)), Counts{1});
    EXPECT_EQ(cores_of(parse(plain, {"machine.cores=8"})), Counts{8});
    EXPECT_EQ(cores_of(parse(plain, {"cores=8"})), Counts{8});
    EXPECT_EQ(cores_of(parse(plain, {"sweep.cores=1,4"})), (Counts{1, 4}));
    EXPECT_EQ(cores_of(parse(plain, {"machine.cores=1,4"})), (Counts{1, 4}));
    EXPECT_EQ(cores_of(parse(plain, {"cores=[2,4]"})), (Counts{2, 4}));
    const std::string swept = std::string{plain} + "[sweep]\nmachine.cores = [1, 2]\n";
    EXPECT_EQ(cores_of(parse(swept)), (Counts{1, 2}));
    EXPECT_EQ(cores_of(parse(swept, {"machine.cores=8"})), Counts{8});
    EXPECT_EQ(cores_of(parse(swept, {"machine.cores=8,16"})), (Counts{8, 16}));
    EXPECT_EQ(cores_of(parse(swept, {"cores=3"})), Counts{3});
    const Parsed moved = parse(plain, {"cores=2", "environments.greet.core=1"});
    ASSERT_TRUE(moved.scenario) << moved.errors;
    EXPECT_EQ(who_runs_where(moved.scenario->cells.front()), "0:init 1:greet");
    const Parsed seeded =
        parse(std::string{plain} + "[sweep]\nmachine.seed = [1, 2]\n", {}, 5);
    ASSERT_TRUE(seeded.scenario) << seeded.errors;
    ASSERT_EQ(seeded.scenario->cells.size(), 1u);
    EXPECT_EQ(seeded.scenario->cells.front().machine.seed, 5u);
}

struct Wrong {
    const char* name;
    const char* text;
    const char* errors;
};

constexpr Wrong wrong[] = {
    {"TooManyCores",
     "[machine]\ncores = 65\n[[environments]]\nprogram = \"greet\"\n",
     "s.toml:2:9: error: \"cores\" is 65, expected 1..64\n"},
    {"NoCore",
     "[machine]\ncores = 0\n[[environments]]\nprogram = \"greet\"\n",
     "s.toml:2:9: error: \"cores\" is 0, expected 1..64\n"},
    {"CoresInWords",
     "[machine]\ncores = \"two\"\n[[environments]]\nprogram = \"greet\"\n",
     "s.toml:2:9: error: \"cores\" is text, expected an integer\n"},
    {"SweptTooFar",
     "[[environments]]\nprogram = \"greet\"\n[sweep]\nmachine.cores = [1, 65]\n",
     "s.toml:4:21: error: \"machine.cores\" is \"65\", expected 1..64\n"},
    {"UnknownKeyOfTheMachine",
     "[[environments]]\nprogram = \"greet\"\n[sweep]\nmachine.core = [1]\n",
     "s.toml:4:9: error: unknown axis \"machine.core\"; did you mean \"machine.cores\"?\n"},
    {"MemoryIsTooSmall",
     "[machine]\nmemory = \"64 MiB\"\ncores = 64\n[[environments]]\nprogram = \"greet\"\n",
     "s.toml:3:9: error: impossible memory: 64 MiB, expected more: 64 cores need at least "
     "128 MiB\n"},
    {"MemoryIsTooSmallForSome",
     "[[environments]]\nprogram = \"greet\"\nguarantee = 400\n[sweep]\nseed = [1, 2]\n"
     "memory = [\"16 MiB\", 2050]\nmachine.cores = [1, 4, 8]\n",
     "s.toml:7:24: error: impossible memory: 2050 pages, expected more: 8 cores need at least "
     "16 MiB\n"},
    {"SweptMemoryIsTooSmall",
     "[machine]\ncores = 4\n[[environments]]\nprogram = \"greet\"\n[sweep]\n"
     "memory = [\"8 MiB\", \"4 MiB\"]\n",
     "s.toml:6:20: error: impossible memory: 4 MiB, expected more: 4 cores need at least 8 MiB\n"},
    {"GuaranteesAreOfACoresPart",
     "[machine]\nmemory = \"8 MiB\"\ncores = 2\n[[environments]]\nprogram = \"greet\"\n"
     "core = \"all\"\nguarantee = 500\ncount = 2\n",
     "s.toml:2:10: error: impossible memory: guarantees of 1000 frames together, expected at most "
     "952 of the core's 1024\n"},
    {"NoSuchCore",
     "[machine]\ncores = 2\n[[environments]]\nprogram = \"greet\"\ncore = 2\n",
     "s.toml:5:8: error: there is no core 2, expected one of the machine's 2\n"},
    {"NoSuchCoreInSomeCells",
     "[[environments]]\nprogram = \"greet\"\ncore = 1\n[sweep]\nmachine.cores = [1, 2]\n",
     "s.toml:3:8: error: there is no core 1, expected one of the machine's 1\n"},
    {"NeverACore",
     "[[environments]]\nprogram = \"greet\"\ncore = 64\n",
     "s.toml:3:8: error: \"core\" is 64, expected 0..63\n"},
    {"CoreInOtherWords",
     "[[environments]]\nprogram = \"greet\"\ncore = \"every\"\n",
     "s.toml:3:8: error: \"core\" is \"every\", expected a core's number, \"others\" (than core 0) "
     "or \"all\"\n"},
    {"CoreOfAnotherType",
     "[[environments]]\nprogram = \"greet\"\ncore = true\n",
     "s.toml:3:8: error: \"core\" is a boolean, expected a core's number, \"others\" (than core 0) "
     "or \"all\"\n"},
    {"CoreZeroWithoutARoot",
     "root = { program = \"init\", core = 1 }\n[machine]\ncores = 2\n",
     "s.toml:1:35: error: core 0 has no root environment, expected \"core\" of \"root\" to be 0 or "
     "\"all\"\n"},
    {"CoreZeroWithoutTheRoot",
     "root = { program = \"init\", core = \"others\" }\n",
     "s.toml:1:35: error: core 0 has no root environment, expected \"core\" of \"root\" to be 0 or "
     "\"all\"\n"},
    {"TooManyEnvironmentsOfACore",
     "[machine]\ncores = 2\n[[environments]]\nprogram = \"greet\"\ncore = \"all\"\ncount = 31\n"
     "[[environments]]\nname = \"b\"\nprogram = \"greet\"\ncore = 1\ncount = 2\n",
     "s.toml:7:1: error: too many environments on one core, expected at most 32, the root "
     "included\n"},
    {"NameTooLongForItsCore",
     "[[environments]]\nname = \"abcdefghijklmnopqrstuvwxy\"\nprogram = \"greet\"\n"
     "core = \"all\"\n",
     "s.toml:2:8: error: \"abcdefghijklmnopqrstuvwxy\" is no name, expected at most 24 of "
     "a-z 0-9 _ -\n"},
};

class WrongCores : public testing::TestWithParam<Wrong> {};

TEST_P(WrongCores, IsSaidOnceWithItsPlace) {
    const Parsed parsed = parse(GetParam().text);
    EXPECT_FALSE(parsed.scenario);
    EXPECT_EQ(parsed.errors, GetParam().errors);
}

INSTANTIATE_TEST_SUITE_P(Errors, WrongCores, testing::ValuesIn(wrong),
                         [](const auto& info) { return std::string{info.param.name}; });

sim::engine::EnvResult ran(std::uint16_t core, std::uint16_t serial, std::string name) {
    sim::engine::EnvResult env;
    env.id = static_cast<std::uint16_t>(core * kernel::abi::environments_max + serial + 1);
    env.name = std::move(name);
    env.info.serial = serial;
    env.info.creator = serial == 0 ? kernel::abi::no_env : kernel::abi::EnvId{1};
    env.results = {"{\"misses\":" + std::to_string(core) + "}"};
    return env;
}

// Cell 0 has one core, cell 1 two.
Scenario swept_scenario() {
    auto parsed = parse("[[environments]]\nprogram = \"greet\"\ncore = \"all\"\n"
                        "[sweep]\nmachine.cores = [1, 2]\n");
    EXPECT_TRUE(parsed.scenario) << parsed.errors;
    return std::move(*parsed.scenario);
}

sim::engine::CellResult result_of(std::uint32_t cell) {
    sim::engine::CellResult result;
    result.cell = cell;
    result.envs = {ran(0, 0, "init"), ran(0, 1, "greet@0")};
    if (cell == 1) {
        result.envs.push_back(ran(1, 0, "greet@1"));
        result.envs.push_back(ran(1, 1, ""));
    }
    return result;
}

TEST(CoresOfResults, AreNamedWhereACellHasSeveral) {
    const Scenario scenario = swept_scenario();
    const Json one = make_record(scenario, result_of(0), "hosted");
    EXPECT_FALSE(one.contains("cores"));
    EXPECT_FALSE(one["environments"][1].contains("core"));
    const Json two = make_record(scenario, result_of(1), "hosted");
    EXPECT_EQ(two["cores"], 2);
    std::string named;
    for (const Json& env : two["environments"]) {
        named += plain_text(env["core"]) + ":" + env["name"].get<std::string>() + " ";
    }
    EXPECT_EQ(named, "0:init 0:greet@0 1:greet@1 1:#1@1 ");
}

TEST(CoresOfResults, AreAColumnOfOneTable) {
    const Scenario scenario = swept_scenario();
    const std::vector<Json> one{make_record(scenario, result_of(0), "hosted")};
    const std::vector<Json> both{one[0], make_record(scenario, result_of(1), "hosted")};
    using Columns = std::vector<std::string>;
    EXPECT_EQ(make_tables(one, {})[0].columns, (Columns{"machine.cores", "environment", "misses"}));
    const std::vector<Table> tables = make_tables(both, {});
    ASSERT_EQ(tables.size(), 2u);  // of the results, and of the cells
    EXPECT_EQ(tables[0].columns, (Columns{"machine.cores", "environment", "core", "misses"}));
    ASSERT_EQ(tables[0].rows.size(), 6u);
    EXPECT_EQ(tables[0].rows[1], (Columns{"1", "greet@0", "0", "0"}));
    EXPECT_EQ(tables[0].rows[4], (Columns{"2", "greet@1", "1", "1"}));
}

TEST(CoresOfResults, AnExitCodeSaysItsCore) {
    const Scenario scenario = swept_scenario();
    sim::engine::CellResult result = result_of(1);
    result.envs[2].info.exit_code = 3;
    result.outcome.exit_code = 3;
    EXPECT_EQ(make_record(scenario, result, "hosted")["error"],
              "exit code 3 of core 1, environment greet@1");
    result = result_of(0);
    result.envs[0].info.exit_code = 3;
    result.outcome.exit_code = 3;
    EXPECT_EQ(make_record(scenario, result, "hosted")["error"], "exit code 3");
}

TEST(CoresOfResults, ExpectationsReachThem) {
    Scenario scenario = swept_scenario();
    const std::vector<Json> records{make_record(scenario, result_of(1), "hosted")};
    Expectation expectation;
    expectation.program_or_env = "greet@1";
    expectation.column = "misses";
    expectation.equals = "1";
    scenario.expectations = {expectation};
    EXPECT_TRUE(unmet_expectations(scenario, records).empty());
    scenario.expectations[0].program_or_env.clear();
    scenario.expectations[0].where = {{"core", "0"}};
    EXPECT_EQ(unmet_expectations(scenario, records).size(), 2u);  // init's and greet@0's
    scenario.expectations[0].where = {{"core", "1"}};
    EXPECT_TRUE(unmet_expectations(scenario, records).empty());
}

TEST(CoresOfEvents, AreToldWhereThereAreSeveral) {
    kernel::abi::Event event{};
    event.env = kernel::abi::EnvId{5};
    EXPECT_EQ(event_text(event, false).find("core"), std::string::npos);
    kernel::abi::Event other = event;
    other.env = kernel::abi::EnvId{2 * kernel::abi::environments_max + 1};
    const std::vector<kernel::abi::Event> left{event, event}, right{event, other};
    const std::string text = divergence_text(left, right, 1, "left", "right");
    EXPECT_NE(text.find("both                   0 ns  core 0  env 5 "), std::string::npos) << text;
    EXPECT_NE(text.find("right                  0 ns  core 2  env 1 "), std::string::npos) << text;
}

TEST(CoresOfEvents, AreComparedCoreByCore) {
    auto at = [](std::uint64_t time, std::uint16_t core, std::uint8_t code) {
        kernel::abi::Event event{};
        event.time = kernel::abi::Instant{time};
        event.env = sim::engine::machine_wide(kernel::abi::CoreId{core}, kernel::abi::EnvId{1});
        event.code = code;
        return event;
    };
    using Events = std::vector<kernel::abi::Event>;
    const Events one{at(1, 0, 7), at(2, 0, 8), at(1, 1, 7), at(9, 1, 8)};
    const Events other{at(1, 1, 7), at(1, 0, 7), at(9, 1, 8), at(2, 0, 8)};
    EXPECT_EQ(machines_divergence(one, other, 2, "a", "b"), "");
    Events late = other;
    late[2].code = 9;   // core 1, at 9 ns
    EXPECT_EQ(machines_divergence(one, late, 2, "a", "b").substr(0, 43),
              "core 1: the first divergence is event 1:\n  ");
    late[3].code = 9;   // core 0, at 2 ns
    EXPECT_EQ(machines_divergence(one, late, 2, "a", "b").substr(0, 43),
              "core 0: the first divergence is event 1:\n  ");
    const Events first{one[0], one[1]}, shorter{one[0]};
    EXPECT_EQ(machines_divergence(first, shorter, 1, "a", "b"),
              divergence_text(first, shorter, 1, "a", "b"));
}

TEST(Cores, AllOfThemFullAreWellFormed) {
    const Parsed parsed = parse("[machine]\ncores = 64\nmemory = \"128 MiB\"\n[[environments]]\n"
                                "program = \"greet\"\nname = \"abcdefghijklmnopqrstuvwx\"\n"
                                "core = \"all\"\ncount = 31\n");
    ASSERT_TRUE(parsed.scenario) << parsed.errors;
    const Cell& cell = parsed.scenario->cells.front();
    EXPECT_EQ(cell.environments.size(), 1u + 64 * 31);
    EXPECT_EQ(cell.environments.back().name, "abcdefghijklmnopqrstuvwx-31@63");
    const std::uint32_t chosen[] = {0};
    const auto bundle = make_bundle(*parsed.scenario, chosen, {});
    ASSERT_TRUE(bundle);
    const char* const wrong_bundle = kernel::bundle_check(bundle->data(), bundle->size());
    EXPECT_EQ(wrong_bundle, nullptr) << wrong_bundle;
    const auto* header = reinterpret_cast<const kernel::abi::BundleHeader*>(bundle->data());
    const auto* envs =
        reinterpret_cast<const kernel::abi::EnvRecord*>(bundle->data() + header->envs_offset);
    EXPECT_STREQ(envs[header->env_count - 1].name, "abcdefghijklmnopqrstuvwx-31@63");
}

}  // namespace

// Where the time of agreeing goes: the parts that program multikernel tells add up.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

using nlohmann::json;
using Operations = std::map<std::string, json>;

// Cells of scenarios/multikernel.toml have 1, 2, 4 ... 64 cores.
Operations operations_of(std::uint32_t cell) {
    const auto result = run("multikernel.toml", {}, cell);
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.exit_code, 0u);
    Operations operations;
    for (const std::string& text : result.envs.front().results) {
        const json line = json::parse(text);
        operations[line["operation"]] = line;
    }
    return operations;
}

int part(const json& line, const char* name) { return line[name].get<int>(); }

TEST(Cost, PartsAddUpToTheWhole) {
    for (std::uint32_t cell = 0; cell < 5; ++cell) {
        for (const auto& [name, line] : operations_of(cell)) {
            EXPECT_EQ(part(line, "ns"), part(line, "message_ns") + part(line, "work_ns") +
                                            part(line, "travel_ns") +
                                            part(line, "elsewhere_ns") + part(line, "queue_ns"))
                << line;
            for (const auto& [key, value] : line.items()) {
                if (!value.is_number()) continue;
                EXPECT_GE(value.get<std::int64_t>(), 0) << key << line;
            }
        }
    }
}

// With two cores nobody is in anybody's way, and what each part must be is known.
TEST(Cost, OfTwoCoresIsAMatterOfTheProfile) {
    constexpr int message = 60, latency = 700, map = 20, invalidate = 30;
    const Operations operations = operations_of(1);
    for (const char* name : {"revoke", "unmap everywhere", "lend to all", "count"}) {
        ASSERT_TRUE(operations.contains(name)) << name;
        const json& line = operations.at(name);
        EXPECT_EQ(part(line, "messages"), 2) << line;
        EXPECT_EQ(part(line, "message_ns"), 2 * message) << line;
        EXPECT_EQ(part(line, "travel_ns"), 2 * latency) << line;
    }
    EXPECT_EQ(part(operations.at("revoke"), "elsewhere_ns"), 2 * message);
    EXPECT_EQ(part(operations.at("unmap everywhere"), "elsewhere_ns"),
              2 * message + map + invalidate);
    EXPECT_EQ(part(operations.at("revoke"), "queue_ns"), 0);
}

TEST(Cost, OfRevokingIsMessagesAndNotTravelWhereThereAreManyCores) {
    const json four = operations_of(2).at("revoke");
    const json sixteen = operations_of(4).at("revoke");
    EXPECT_EQ(part(four, "messages"), 2 * 3);
    EXPECT_EQ(part(sixteen, "messages"), 2 * 15);
    EXPECT_EQ(part(sixteen, "message_ns"), 5 * part(four, "message_ns"));
    EXPECT_LT(part(sixteen, "travel_ns"), part(four, "travel_ns"));
}

}  // namespace
}  // namespace tests::adversary

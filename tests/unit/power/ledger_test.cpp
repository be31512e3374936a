// What result lines promise, and what of it is missed.
#include <gtest/gtest.h>

#include "sim/testbed/power/ledger.hpp"

namespace tests::power {
namespace {

using namespace sim::testbed::power;

Ledger ledger_of(const std::vector<std::string>& lines) {
    Ledger ledger;
    for (const std::string& line : lines) {
        const auto statement = read_statement(line);
        EXPECT_TRUE(statement) << line;
        if (statement) ledger.take(*statement);
    }
    return ledger;
}

Found found(std::uint64_t bytes, std::uint32_t sum) {
    return {{"d/f", Version{true, bytes, sum}}};
}

const std::string first = R"({"will":"d/f","bytes":1,"sum":11})";
const std::string second = R"({"will":"d/f","bytes":2,"sum":22})";
const std::string gone = R"({"will":"d/f","gone":1})";
const std::string persisted = R"({"persisted":"d/f"})";
const std::string all = R"({"persisted":"*"})";

TEST(Ledger, WhatWasAnnouncedMayBeThereOrNot) {
    const Ledger ledger = ledger_of({first, second});
    for (const Found& each : {Found{}, found(1, 11), found(2, 22)}) {
        const Losses losses = ledger.judge(each, true);
        EXPECT_EQ(losses.wrong + losses.older + losses.pending, 0u);
    }
    EXPECT_EQ(ledger.judge(found(2, 11), true).wrong, 1u);
    EXPECT_EQ(ledger.judge(found(2, 11), false).pending, 1u) << "it was being changed";
}

TEST(Ledger, WhatIsPersistedMustBeThere) {
    for (const std::string& how : {persisted, all}) {
        const Ledger ledger = ledger_of({first, second, how});
        EXPECT_EQ(ledger.judge(found(2, 22), true).first, "");
        EXPECT_EQ(ledger.judge(found(1, 11), true).older, 1u);
        EXPECT_EQ(ledger.judge(found(1, 11), false).older, 1u);
        EXPECT_EQ(ledger.judge(found(3, 33), false).wrong, 1u);
        EXPECT_EQ(ledger.judge({}, false).older, 1u) << "it is not there, as once";
    }
}

TEST(Ledger, WhatIsGoneStaysSo) {
    const Ledger ledger = ledger_of({first, persisted, gone, persisted});
    EXPECT_EQ(ledger.judge({}, true).first, "");
    EXPECT_EQ(ledger.judge(found(1, 11), true).older, 1u);
}

TEST(Ledger, NobodyWroteAStranger) {
    const Found stranger{{"x", Version{true, 1, 1}}};
    EXPECT_EQ(ledger_of({first}).judge(stranger, true).wrong, 1u);
    EXPECT_EQ(ledger_of({first}).judge(stranger, false).pending, 1u) << "a repair may name it";
}

TEST(Ledger, AnErrorIsNotAWrongAnswer) {
    const Ledger ledger = ledger_of({first, persisted});
    for (const char* path : {"d/f", "d", ""}) {
        const Losses losses = ledger.judge({{path, std::nullopt}}, true);
        EXPECT_EQ(losses.wrong + losses.older, 0u) << path;
        EXPECT_GE(losses.unreadable, 1u) << path;
    }
    EXPECT_EQ(ledger.judge({{"e", std::nullopt}}, true).older, 1u);
}

TEST(Ledger, OtherLinesSayNothing) {
    for (const char* line : {"", "{", "7", "{}", R"({"will":3})", R"({"will":"a"})",
                             R"({"will":"a","bytes":-1,"sum":2})", R"({"persisted":7})"}) {
        EXPECT_FALSE(read_statement(line)) << line;
    }
    EXPECT_FALSE(read_volume(R"({"volume":"cofs","first":1})"));
    EXPECT_TRUE(read_volume(R"({"volume":"cofs","first":1,"blocks":2})"));
}

TEST(Ledger, ALookIsReadWhole) {
    const Looked looked = read_look({R"({"found":"a","bytes":1,"sum":2})",
                                     R"({"unreadable":"b","error":5})",
                                     R"({"looked":"fat","repaired":3,"problems":1})"});
    EXPECT_TRUE(looked.finished);
    EXPECT_EQ(looked.repaired, 3u);
    EXPECT_EQ(looked.problems, 1u);
    EXPECT_EQ(looked.found.at("a"), (Version{true, 1, 2}));
    EXPECT_EQ(looked.found.at("b"), std::nullopt);
    EXPECT_FALSE(read_look({}).finished);
}

}  // namespace
}  // namespace tests::power

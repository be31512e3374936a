// The serial protocol's reader against good, cut-up and hostile input.
#include "sim/testbed/boot/protocol.hpp"

#include <gtest/gtest.h>

namespace {

using sim::engine::CellResult;
using sim::testbed::boot::ProtocolReader;

constexpr std::string_view good =
    "chitin: bare x86-64\n"
    "#cell 0 begin\n"
    "#result 0 1 {\"env\":\"first\"}\\n{\"a\":\n"
    "#text 0 1 tab\\x09 backslash \\\\ line\\n\n"
    "#result 0 1 1}\\n\n"
    "#env 0 1 4 0 7 0 0 4114 6 10 11 12 50100 18446744073709551615 14 15 16\n"
    "#cell 0 end 7 0 53250 14 0\n"
    "#done 1 1\n";

struct Read {
    std::vector<CellResult> cells;
    ProtocolReader reader{[this](CellResult cell) { cells.push_back(std::move(cell)); }};
};

TEST(Protocol, ReadsACell) {
    Read read;
    read.reader.feed(good);
    EXPECT_EQ(read.reader.malformed(), "");
    EXPECT_TRUE(read.reader.done());
    ASSERT_EQ(read.cells.size(), 1u);
    const CellResult& cell = read.cells[0];
    EXPECT_EQ(cell.outcome.exit_code, 7u);
    EXPECT_EQ(cell.outcome.time_ns, 53250u);
    ASSERT_EQ(cell.envs.size(), 1u);
    EXPECT_EQ(cell.envs[0].name, "first");
    EXPECT_EQ(cell.envs[0].results, std::vector<std::string>{"{\"a\":1}"});
    EXPECT_EQ(cell.envs[0].text, "tab\t backslash \\ line\n");
    EXPECT_EQ(cell.envs[0].info.history_hash, ~std::uint64_t{0});
    EXPECT_EQ(cell.envs[0].info.released, 16u);
}

TEST(Protocol, ReadsItByteByByteWithCarriageReturns) {
    Read read;
    for (const char c : good) {
        if (c == '\n') read.reader.feed("\r");
        read.reader.feed({&c, 1});
    }
    EXPECT_TRUE(read.reader.done());
    EXPECT_EQ(read.cells.size(), 1u);
}

TEST(Protocol, EveryPrefixIsHarmless) {
    for (std::size_t size = 0; size < good.size(); ++size) {
        Read read;
        read.reader.feed(good.substr(0, size));
        EXPECT_EQ(read.reader.malformed(), "");
        EXPECT_FALSE(read.reader.done());
    }
}

TEST(Protocol, RefusesWhatDoesNotFit) {
    const std::string_view wrong[] = {
        "#nonsense\n",
        "#cell 1 begin\n",
        "#cell 0 end 0 0 0 0 0\n",
        "#cell 0 begin\n#cell 0 begin\n",
        "#cell 0 begin\n#text 1 1 x\n",
        "#cell 0 begin\n#text 0 65536 x\n",
        "#cell 0 begin\n#text 0 1 \\q\n",
        "#cell 0 begin\n#text 0 1 \\x4\n",
        "#cell 0 begin\n#text 0 1 \\\n",
        "#cell 0 begin\n#env 0 1 4\n",
        "#cell 0 begin\n#env 0 1 4 0 7 0 0 4114 6 10 11 12 50100 13 14 15 16 17\n",
        "#cell 0 begin\n#cell 0 end 0 0 -1 0 0\n",
        "#cell 0 begin\n#cell 0 end 0 0 18446744073709551616 0 0\n",
        "#cell 0 begin\n#done 0 0\n",
        "#done 1 0\n",
    };
    for (const std::string_view text : wrong) {
        Read read;
        read.reader.feed(text);
        EXPECT_NE(read.reader.malformed(), "") << text;
        EXPECT_FALSE(read.reader.done()) << text;
    }
}

TEST(Protocol, ALineWithoutEndIsRefused) {
    Read read;
    read.reader.feed(std::string(1 << 20, 'x'));
    EXPECT_NE(read.reader.malformed(), "");
}

TEST(Protocol, RandomBytesNeverBreakIt) {
    std::uint32_t state = 1;
    for (int round = 0; round < 200; ++round) {
        std::string text{good};
        for (int change = 0; change < 8; ++change) {
            state = state * 1664525 + 1013904223;
            text[(state >> 8) % text.size()] = static_cast<char>(state >> 24);
        }
        Read read;
        read.reader.feed(text);
    }
}

}  // namespace

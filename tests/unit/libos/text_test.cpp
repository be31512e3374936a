// Text and JsonLine: numbers, escaping, and what does not fit.
#include "libos/rt/text.hpp"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace {

using libos::rt::JsonLine;
using libos::rt::Text;

TEST(Text, NumbersAndWords) {
    Text text;
    text.add("a ").add(-5).add(" ").add(~std::uint64_t{0}).add(" ").add(255, 16).add(true);
    EXPECT_EQ(text.view(), "a -5 18446744073709551615 fftrue");
}

TEST(Text, WhatDoesNotFitIsDroppedAndTold) {
    Text text;
    text.add(std::string(Text::bytes_max, 'x'));
    EXPECT_FALSE(text.full());
    text.put('y');
    EXPECT_TRUE(text.full());
    EXPECT_EQ(text.size(), Text::bytes_max);
}

TEST(JsonLine, OneObjectOnOneLine) {
    JsonLine line;
    line.add("n", 7).add("s", "text").add("b", false).add("m", std::uint64_t{1} << 40);
    EXPECT_EQ(line.finish(), "{\"n\":7,\"s\":\"text\",\"b\":false,\"m\":1099511627776}\n");
}

TEST(JsonLine, EveryByteBelowSpaceQuoteAndBackslashIsEscaped) {
    JsonLine line;
    line.add("s", std::string_view{"a\"b\\c\n\x1f\xc3\xa9"});
    EXPECT_EQ(line.finish(), "{\"s\":\"a\\\"b\\\\c\\u000a\\u001f\xc3\xa9\"}\n");
}

TEST(JsonLine, Empty) {
    JsonLine line;
    EXPECT_EQ(line.finish(), "{}\n");
}

}  // namespace

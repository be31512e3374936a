// Arguments: what a bundle says, held against the program's declaration.
#include "libos/rt/arguments.hpp"

#include <gtest/gtest.h>

namespace {

using libos::rt::Arguments;
using libos::rt::Declaration;
using libos::rt::Parameter;
using libos::rt::ParameterKind;

constexpr Parameter parameters[] = {
    {"frames", ParameterKind::integer, "64", "frames", 1, 4096},
    {"offset", ParameterKind::integer, "-1", "may be negative", -10, 10},
    {"label", ParameterKind::text, "none", "any text"},
    {"quiet", ParameterKind::boolean, "false", "say less"},
    {"view", ParameterKind::choice, "one", "which view", 0, 0, "one two three"},
    {"trace", ParameterKind::trace, "", "the trace: required"},
};
constexpr Declaration declaration{"test", "A test.", parameters};

std::string problem_of(std::string_view text) {
    const auto problem = Arguments{text, declaration}.check();
    if (!problem) return "";
    return std::string{problem->name} + "|" + std::string{problem->expected};
}

TEST(Arguments, GivenValuesAndFallbacks) {
    const Arguments arguments{"frames=17\nlabel=a=b c\nquiet=true\ntrace=0\n", declaration};
    ASSERT_FALSE(arguments.check());
    EXPECT_EQ(arguments.integer("frames"), 17);
    EXPECT_EQ(arguments.integer("offset"), -1);
    EXPECT_EQ(arguments.text("label"), "a=b c");
    EXPECT_TRUE(arguments.boolean("quiet"));
    EXPECT_EQ(arguments.text("view"), "one");
}

TEST(Arguments, TheLastLineNeedsNoNewline) {
    const Arguments arguments{"trace=1\nframes=5", declaration};
    ASSERT_FALSE(arguments.check());
    EXPECT_EQ(arguments.integer("frames"), 5);
}

TEST(Arguments, ProblemsNameTheArgumentAndWhatWasExpected) {
    EXPECT_EQ(problem_of("trace=0\nframes=0\n"), "frames|an integer within the declared range");
    EXPECT_EQ(problem_of("trace=0\nframes=4097\n"),
              "frames|an integer within the declared range");
    EXPECT_EQ(problem_of("trace=0\nframes=\n"), "frames|a decimal integer");
    EXPECT_EQ(problem_of("trace=0\nframes=12x\n"), "frames|a decimal integer");
    EXPECT_EQ(problem_of("trace=0\nframes=99999999999999999999\n"), "frames|a decimal integer");
    EXPECT_EQ(problem_of("trace=0\nquiet=yes\n"), "quiet|true or false");
    EXPECT_EQ(problem_of("trace=0\nview=four\n"), "view|one two three");
    EXPECT_EQ(problem_of("trace=0\nview=one two\n"), "view|one two three");
    EXPECT_EQ(problem_of("trace=4\n"), "trace|the index of a module");
    EXPECT_EQ(problem_of("trace=0\ncolour=red\n"), "colour|no such parameter");
    EXPECT_EQ(problem_of("trace=0\nframes\n"), "frames|name=value");
    EXPECT_EQ(problem_of(""), "trace|the trace: required");
}

TEST(Arguments, EveryChoiceIsOne) {
    for (const char* value : {"one", "two", "three"}) {
        EXPECT_EQ(problem_of("trace=0\nview=" + std::string{value} + "\n"), "");
    }
}

}  // namespace

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/tidy/tree.hpp"

namespace tests::tidy {
namespace {

template <class Rule>
std::string broken(Rule rule) {
    Findings all;
    const auto files = source_files();
    EXPECT_GT(files.size(), 100u) << "the tree was not found";
    for (const SourceFile& file : files) {
        const Findings some = rule(file);
        all.insert(all.end(), some.begin(), some.end());
    }
    return text(all);
}

TEST(Tidy, IncludesFollowTheLayers) { EXPECT_EQ(broken(layering), ""); }
TEST(Tidy, NoConditionalCompilation) { EXPECT_EQ(broken(conditionals), ""); }
TEST(Tidy, FilesAndLinesAreShort) { EXPECT_EQ(broken(limits), ""); }
TEST(Tidy, NoBannedWords) { EXPECT_EQ(broken(banned_words), ""); }

TEST(Tidy, ObjectCodeHasNoGlobalsAndKnowsNoMachine) {
    if (std::string{CHITIN_SANITIZER} != "") {
        GTEST_SKIP() << "skipped: sanitizers add symbols of their own";
    }
    std::istringstream libraries{CHITIN_LIBRARIES};
    std::string all;
    std::size_t count = 0;
    for (std::string library; std::getline(libraries, library, '|'); ++count) {
        ASSERT_TRUE(std::filesystem::exists(library)) << library;
        all += text(object_code(library));
    }
    EXPECT_EQ(all, "");
    EXPECT_GE(count, 3u);
}

TEST(Tidy, ReadmeNamesTheTwoCommands) {
    std::ifstream file{std::filesystem::path{CHITIN_SOURCE_DIR} / "README.md"};
    const std::string readme{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_NE(readme.find("./chitin run scenarios/paging.toml"), std::string::npos);
    EXPECT_NE(readme.find("./chitin test"), std::string::npos);
}

// ---- canaries: each rule must find what is planted for it

TEST(TidyCanary, LayeringIsSeen) {
    EXPECT_EQ(layering({"kernel/mem/x.cpp", {"#include \"kernel/env/env.hpp\""}}).size(), 1u);
    EXPECT_EQ(layering({"libos/vm/x.cpp", {"#include \"kernel/mem/memory.hpp\""}}).size(), 1u);
    EXPECT_EQ(layering({"kernel/abi/x.hpp", {"#include \"kernel/base/result.hpp\""}}).size(), 1u);
    EXPECT_EQ(layering({"kernel/env/x.cpp", {"#include \"kernel/mem/memory.hpp\""}}).size(), 0u);
}

TEST(TidyCanary, ConditionalIsSeen) {
    EXPECT_EQ(conditionals({"libos/rt/x.cpp", {"  # ifdef HOSTED"}}).size(), 1u);
    EXPECT_EQ(conditionals({"kernel/base/compiler.hpp", {"#if 1"}}).size(), 0u);
}

TEST(TidyCanary, LimitsAreSeen) {
    EXPECT_EQ(limits({"sim/x.cpp", std::vector<std::string>(601)}).size(), 1u);
    EXPECT_EQ(limits({"sim/x.cpp", {std::string(101, 'x')}}).size(), 1u);
}

TEST(TidyCanary, BannedWordIsSeen) {
    EXPECT_EQ(banned_words({"kernel/mem/x.cpp", {"void* p = malloc(4);"}}).size(), 1u);
    EXPECT_EQ(banned_words({"sim/x.cpp", {std::string{"// TO"} + "DO later"}}).size(), 1u);
    EXPECT_EQ(banned_words({"sim/x.cpp", {"std::string text;"}}).size(), 0u);
}

TEST(TidyCanary, ObjectCodeIsSeen) {
    EXPECT_EQ(mutable_sections("0000 l     O .bss\t0000000000000004 counter\n", "x.a").size(), 1u);
    EXPECT_EQ(mutable_sections("0000 g     O .data.x\t0000000000000008 table\n", "x").size(), 1u);
    EXPECT_EQ(mutable_sections("0000 l    d  .bss\t0000000000000000 .bss\n", "x.a").size(), 0u);
    EXPECT_EQ(
        mutable_sections("0000 g  O .data.rel.ro\t0000000000000008 constants\n", "x.a").size(), 0u);
    EXPECT_EQ(foreign_symbols("                 U getpid\n", "x.a").size(), 1u);
    EXPECT_EQ(foreign_symbols("                 U memcpy\n", "x.a").size(), 0u);
    EXPECT_EQ(foreign_symbols("                 U kernel::machine::Core::run()\n", "x").size(), 0u);
}

}  // namespace
}  // namespace tests::tidy

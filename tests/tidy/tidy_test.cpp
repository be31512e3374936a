#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
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
TEST(Tidy, HeadersAreReadOnce) { EXPECT_EQ(broken(pragma_once), ""); }
TEST(Tidy, FilesAndLinesAreShort) { EXPECT_EQ(broken(limits), ""); }
TEST(Tidy, NoBannedWords) { EXPECT_EQ(broken(banned_words), ""); }

std::vector<std::string> files_of(const std::string& list) {
    std::vector<std::string> files;
    std::istringstream stream{list};
    for (std::string file; std::getline(stream, file, '|');) files.push_back(file);
    for (const std::string& file : files) EXPECT_TRUE(std::filesystem::exists(file)) << file;
    return files;
}

// Without optimisation the length of a literal is a call of strlen (the image is always optimised,
// and does not link with one).
const std::string memory_and_assert =
    std::string{CHITIN_UNOPTIMISED ? "strlen|" : ""} +
    "mem(cpy|move|set|cmp)|_GLOBAL_OFFSET_TABLE_|_ZN6kernel4base13assert_failed.*";
// chitin_enter: the hosted Core::run is inline.
const std::string seam = memory_and_assert + "|_ZNK?6kernel7machine.*|chitin_enter";
// chitin_directed: whether the hosted machine is to be asked at a site.
const std::string gate = memory_and_assert + "|chitin_gate|chitin_directed";

TEST(Tidy, KernelObjectsHaveNoGlobalsAndKnowTheSeamAlone) {
    EXPECT_EQ(text(object_code("kernel", files_of(CHITIN_KERNEL_OBJECTS), seam)), "");
}

TEST(Tidy, EnvironmentObjectsHaveNoGlobalsAndKnowTheGateAlone) {
    EXPECT_EQ(text(object_code("libos+programs", files_of(CHITIN_LIBOS_OBJECTS), gate)), "");
}

std::string file_text(const std::filesystem::path& path) {
    std::ifstream file{std::filesystem::path{CHITIN_SOURCE_DIR} / path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(Tidy, ReadmeNamesTheTwoCommands) {
    const std::string readme = file_text("README.md");
    EXPECT_NE(readme.find("./chitin run scenarios/paging.toml"), std::string::npos);
    EXPECT_NE(readme.find("./chitin test"), std::string::npos);
}

// What the checkout holds at its top: six folders, the bootstrap, dot-files, presets, the licence.
TEST(Tidy, NothingElseLiesAtTheTop) {
    const std::set<std::string> known{"sim",   "kernel",  "libos",          "scenarios",
                                      "bench", "tests",   "CMakeLists.txt", "CMakePresets.json",
                                      "chitin", "LICENSE", "README.md"};
    const std::string list = std::string{"git -C '"} + CHITIN_SOURCE_DIR + "' ls-files 2>&1";
    const std::unique_ptr<FILE, int (*)(FILE*)> listing{popen(list.c_str(), "r"), pclose};
    ASSERT_NE(listing, nullptr);
    std::set<std::string> seen;
    char line[4096];
    while (std::fgets(line, sizeof line, listing.get()) != nullptr) {
        if (std::string_view{line}.starts_with("fatal:")) GTEST_SKIP() << "skipped: no checkout";
        const std::string name{line, std::strcspn(line, "/\n")};
        if (!name.starts_with('.')) seen.insert(name);
    }
    EXPECT_EQ(seen, known);
}

TEST(Tidy, EveryPartHasAReadme) {
    for (const char* part : {"kernel", "libos", "sim", "scenarios", "bench", "tests"}) {
        EXPECT_NE(file_text(std::filesystem::path{part} / "README.md"), "") << part;
    }
}

// What CMake reads in a folder: CMakeLists.txt and *.cmake.
std::string build_lists(const std::filesystem::path& folder) {
    std::string all;
    const auto here = std::filesystem::path{CHITIN_SOURCE_DIR} / folder;
    for (const auto& entry : std::filesystem::directory_iterator{here}) {
        const auto name = entry.path().filename();
        if (name == "CMakeLists.txt" || name.extension() == ".cmake") {
            all += file_text(folder / name);
        }
    }
    return all;
}

// A file that no build list beside or above it names is built by nobody.
TEST(Tidy, EverySourceIsBuilt) {
    for (const SourceFile& file : source_files()) {
        const std::filesystem::path path{file.path};
        if (path.extension() == ".hpp" || path.extension() == ".py") continue;
        bool named = false;
        for (auto folder = path.parent_path(); !folder.empty(); folder = folder.parent_path()) {
            named |= build_lists(folder).find(path.stem().string()) != std::string::npos;
        }
        EXPECT_TRUE(named) << file.path << ": no CMakeLists.txt or *.cmake names it";
    }
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

TEST(TidyCanary, MissingPragmaIsSeen) {
    EXPECT_EQ(pragma_once({"sim/x.hpp", {"struct X {};"}}).size(), 1u);
    EXPECT_EQ(pragma_once({"sim/x.hpp", {"#pragma once"}}).size(), 0u);
    EXPECT_EQ(pragma_once({"sim/x.cpp", {"struct X {};"}}).size(), 0u);
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

TEST(TidyCanary, MutableGlobalIsSeen) {
    const auto count = [](const char* line) { return mutable_sections(line, "x").size(); };
    EXPECT_EQ(count("0000 l     O .bss\t0000000000000004 counter\n"), 1u);
    EXPECT_EQ(count("0000 g     O .data.x\t0000000000000008 table\n"), 1u);
    EXPECT_EQ(count("0000 l       .data\t0000000000000000 without_size\n"), 1u);
    EXPECT_EQ(count("0000 l    d  .bss\t0000000000000000 .bss\n"), 0u);
    EXPECT_EQ(count("0000 g     O .data.rel.ro\t0000000000000008 constants\n"), 0u);
}

TEST(TidyCanary, ForeignSymbolIsSeen) {
    EXPECT_EQ(foreign_symbols("                 U getpid\n", "x", gate).size(), 1u);
    EXPECT_EQ(foreign_symbols("                 w getpid\n", "x", gate).size(), 1u);
    EXPECT_EQ(foreign_symbols("                 U memcpy\n", "x", gate).size(), 0u);
    EXPECT_EQ(foreign_symbols("  U f\n0000 T f\n", "x", gate).size(), 0u);
    const char* call = "                 U _ZN6kernel7machine4Core5printEv\n";
    EXPECT_EQ(foreign_symbols(call, "x", seam).size(), 0u);
    EXPECT_EQ(foreign_symbols(call, "x", gate).size(), 1u);
}

// With the real tools: canary.cpp has one mutable global and calls one function of the host.
TEST(TidyCanary, WrongObjectIsSeen) {
    const std::string all = text(object_code("canary", files_of(CHITIN_CANARY_OBJECTS), seam));
    EXPECT_NE(all.find("a mutable global: tidy_canary_count"), std::string::npos) << all;
    EXPECT_NE(all.find("refers to getpid"), std::string::npos) << all;
    EXPECT_NE(text(object_code("nothing", {"/nonexistent"}, seam)).find("nothing was checked"),
              std::string::npos);
}

}  // namespace
}  // namespace tests::tidy

// The kept programs: none is a finding, and some of them are accepted, or nothing was looked at.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/fuzz/code/code_run.hpp"
#include "tests/fuzz/corpus.hpp"

namespace tests::fuzz {
namespace {

TEST(CodeCorpus, FindsNothing) {
    const std::string path = CHITIN_SOURCE "/tests/fuzz/code/code.corpus";
    EXPECT_LE(std::filesystem::file_size(path), 300'000u);
    std::size_t accepted = 0;
    const auto all = corpus_of(path);
    for (const Input& input : all) {
        ASSERT_EQ(run_code(input), "") << hex_of(input);
        accepted += code_accepted() ? 1 : 0;
    }
    EXPECT_GT(accepted, all.size() / 10);
    EXPECT_GT(all.size() - accepted, all.size() / 10);
}

}  // namespace
}  // namespace tests::fuzz

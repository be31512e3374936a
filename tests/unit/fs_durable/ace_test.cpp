// ACE's workloads of one operation (CrashMonkey, OSDI 2018), over every crash of each.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "sim/testbed/ace/formats.hpp"
#include "tests/unit/fs_model/effort.hpp"

namespace tests::fs_durable {
namespace {

using namespace sim::testbed::ace;

std::filesystem::path workload_file() {
    const char* const data = std::getenv("CHITIN_DATA");
    const std::filesystem::path folder =
        data != nullptr ? std::filesystem::path{data}
                        : std::filesystem::path{CHITIN_SOURCE_DIR} / "../shared/data";
    return folder / "ace-crash-seq1/ace-seq1.txt";
}

LineResult run(std::string_view fs, std::string_view text, const LineOptions& options = {}) {
    const auto workload = parse_workload(text, 1);
    EXPECT_TRUE(workload) << workload.error();
    return (*runner_named(fs))(*workload, options);
}

class Durable : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Ace, Durable, testing::Values("cofs", "log"),
                         [](const auto& fs) { return std::string{fs.param}; });

TEST_P(Durable, EveryPublishedLinePasses) {
    if (!std::filesystem::exists(workload_file())) {
        GTEST_SKIP() << "skipped: data not present";
    }
    const auto workloads = read_workloads(workload_file());
    ASSERT_TRUE(workloads) << workloads.error();
    EXPECT_EQ(workloads->size(), 435u);
    std::uint64_t promised = 0;
    LineOptions options;
    options.bounds.torn = 4;
    options.bounds.random_subsets = 8;
    options.bounds.subset_writes_max = 5;
    for (const Workload& workload : *workloads) {
        const LineResult result = (*runner_named(GetParam()))(workload, options);
        EXPECT_TRUE(result.passed()) << "line " << result.line << ": " << result.text << "\n"
                                     << result.breaches[0].where << ": "
                                     << result.breaches[0].what;
        promised += result.promised ? 1 : 0;
    }
    EXPECT_GT(promised, 400u) << "hardly any line promised anything";
}

// One line after another: what the first promised must outlive the second. Statements that make
// what is there already are refused, which is no matter.
TEST_P(Durable, PairsOfPublishedLinesPass) {
    if (!std::filesystem::exists(workload_file())) {
        GTEST_SKIP() << "skipped: data not present";
    }
    const auto workloads = read_workloads(workload_file());
    ASSERT_TRUE(workloads) << workloads.error();
    const std::uint64_t pairs = fs_model::effort(150, 5'000);
    std::mt19937_64 random{7};
    LineOptions options;
    options.bounds.torn = 4;
    options.bounds.random_subsets = 8;
    options.bounds.subset_writes_max = 5;
    for (std::uint64_t i = 0; i < pairs; ++i) {
        const std::string text = (*workloads)[random() % workloads->size()].text + " ; " +
                                 (*workloads)[random() % workloads->size()].text;
        const LineResult result = run(GetParam(), text, options);
        ASSERT_TRUE(result.passed()) << text << "\n"
                                     << result.breaches[0].where << ": "
                                     << result.breaches[0].what;
    }
}

// What FAT cannot keep: a rename is two writes. So the judge bites on a disk that does not lie.
TEST(Ace, ARenameIsLostWhereItIsTwoWrites) {
    const std::string_view text =
        "mkdir A 0777 ; open foo O_RDWR|O_CREAT 0777 ; write foo 0 5000 ; sync ; checkpoint 1 ; "
        "rename foo Abar ; fsync A ; checkpoint 2";
    const LineResult fat = run("fat", text);
    ASSERT_FALSE(fat.passed());
    EXPECT_NE(fat.breaches[0].what.find("neither \"foo\" nor \"A/bar\""), std::string::npos)
        << fat.breaches[0].what;
    EXPECT_TRUE(run("cofs", text).passed());
}

// Two operations and two persistence points, as in the published sequences of two.
TEST_P(Durable, LongerLinesPass) {
    for (const char* const text : {
             "open foo O_RDWR|O_CREAT 0777 ; write foo 0 32768 ; fsync foo ; checkpoint 1 ; "
             "rename foo bar ; sync ; checkpoint 2",
             "mkdir A 0777 ; open Afoo O_RDWR|O_CREAT 0777 ; fsync Afoo ; checkpoint 1 ; "
             "link Afoo bar ; unlink Afoo ; fsync bar ; checkpoint 2",
             "open foo O_RDWR|O_CREAT 0777 ; write foo 0 5000 ; fdatasync foo ; checkpoint 1 ; "
             "truncate foo 100 ; fsync test ; checkpoint 2",
         }) {
        const LineResult result = run(GetParam(), text);
        EXPECT_TRUE(result.passed()) << text << ": " << result.breaches[0].where << ": "
                                     << result.breaches[0].what;
        EXPECT_TRUE(result.promised);
        EXPECT_GT(result.states, 20u);
    }
}

// The control: on a disk that ignores flushes promises are broken, and that is seen.
TEST_P(Durable, ADiskThatIgnoresFlushesFails) {
    LineOptions options;
    options.ignore_flushes = true;
    const std::string line =
        "open foo O_RDWR|O_CREAT 0777 ; write foo 0 32768 ; fsync foo ; checkpoint 1";
    const LineResult result = run(GetParam(), line, options);
    ASSERT_FALSE(result.passed());
    EXPECT_NE(result.breaches[0].what.find("\"foo\" is lost"), std::string::npos)
        << result.breaches[0].what;
    // The named state alone fails in the same way.
    options.bounds.only_state = static_cast<std::int64_t>(result.breaches[0].state);
    const LineResult again = run(GetParam(), line, options);
    ASSERT_FALSE(again.passed());
    EXPECT_EQ(again.states, 1u);
    EXPECT_EQ(again.breaches[0].what, result.breaches[0].what);
}

TEST(Ace, BadLinesAreNamed) {
    const auto problem = [](std::string_view text) {
        const auto workload = parse_workload(text, 1);
        return workload ? std::string{"accepted"} : workload.error();
    };
    EXPECT_EQ(problem("mkdir A 0777 ; write foo 0"),
              "statement 2: expected write PATH OFFSET BYTES, found \"write foo 0\"");
    EXPECT_NE(problem("jump foo").find("expected one of"), std::string::npos);
    EXPECT_NE(problem("write foo 0 99999999999").find("expected write"), std::string::npos);
    EXPECT_NE(problem("falloc foo FALLOC_FL_MAGIC 0 1").find("expected falloc"),
              std::string::npos);
    EXPECT_NE(problem("").find("statement 1"), std::string::npos);
    EXPECT_NE(read_workloads("/nonexistent").error().find("/nonexistent"), std::string::npos);
}

}  // namespace
}  // namespace tests::fs_durable

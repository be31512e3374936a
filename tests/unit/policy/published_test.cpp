/// Published miss counts: the tables beside the cache traces, cell by cell.
///
/// The traces are not part of the repository. They are looked for in $CHITIN_DATA and in
/// ../shared/data beside it; without them these tests are skipped.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <sstream>

#include <gtest/gtest.h>

#include "sim/testbed/misses.hpp"
#include "sim/testbed/trace/read_trace.hpp"

namespace tests::policy {
namespace {

using sim::testbed::count_misses;
using sim::testbed::trace::read_trace;
using sim::testbed::trace::Trace;

std::filesystem::path data_folder() {
    if (const char* const data = std::getenv("CHITIN_DATA")) {
        return std::filesystem::path{data} / "cache-traces";
    }
    return std::filesystem::path{CHITIN_SOURCE_DIR} / "../shared/data/cache-traces";
}

using Row = std::vector<std::string>;

std::vector<Row> read_table(const std::filesystem::path& path) {
    std::vector<Row> rows;
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream cells{line};
        Row& row = rows.emplace_back();
        for (std::string cell; std::getline(cells, cell, '\t');) row.push_back(cell);
    }
    return rows;
}

std::filesystem::path trace_path(const std::string& name) {
    const std::filesystem::path folder = data_folder();
    if (name == "cloudPhysicsIO") {
        return folder / "cloudphysics/cloudPhysicsIO.oracleGeneral.bin.xz";
    }
    if (name == "OLTP") return folder / "arc/OLTP.lis.zst";
    const std::size_t suffix = name.find("(addr>>12)");
    if (suffix != std::string::npos) {
        return folder / "address" / (name.substr(0, suffix) + ".trace.gz");
    }
    return folder / "lirs" / (name + ".trace.gz");
}

/// The traces read so far, shared by the tests of this process.
const Trace* trace_named(const std::string& name) {
    static std::map<std::string, Trace> traces;
    const auto known = traces.find(name);
    if (known != traces.end()) return &known->second;
    auto trace = read_trace(trace_path(name).string());
    if (!trace) {
        ADD_FAILURE() << trace.error().message;
        return nullptr;
    }
    return &(traces[name] = std::move(*trace));
}

struct Column {
    const char* column;
    const char* policy;
    int cells;  ///< how many the table has
};

class PublishedColumn : public ::testing::TestWithParam<Column> {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(data_folder() / "EXPECTED.tsv")) {
            GTEST_SKIP() << "skipped: data not present";
        }
    }
};

/// S4LRU where capacity is no multiple of 4: libCacheSim evicts on a hit (see s4_lru.hpp), and
/// misses once more than this implementation.
std::uint64_t allowance(const Column& column, const Row& row) {
    return column.policy == std::string_view{"s4lru"} && row[0] == "2_pools" && row[1] == "450";
}

TEST_P(PublishedColumn, EveryRowIsExact) {
    const auto rows = read_table(data_folder() / "EXPECTED.tsv");
    ASSERT_FALSE(rows.empty());
    const auto at = std::ranges::find(rows[0], GetParam().column) - rows[0].begin();
    ASSERT_LT(at, static_cast<std::ptrdiff_t>(rows[0].size()));
    int cells = 0;
    for (const Row& row : std::span{rows}.subspan(1)) {
        const std::string& expected = row[static_cast<std::size_t>(at)];
        if (expected == "-") continue;
        SCOPED_TRACE(row[0] + " with " + row[1] + " frames");
        const Trace* const trace = trace_named(row[0]);
        ASSERT_NE(trace, nullptr);
        EXPECT_EQ(trace->references(), std::stoull(row[2]));
        const auto misses = count_misses(*trace, GetParam().policy, std::stoull(row[1]));
        EXPECT_EQ(misses.value() + allowance(GetParam(), row), std::stoull(expected));
        ++cells;
    }
    EXPECT_EQ(cells, GetParam().cells);
}

INSTANTIATE_TEST_SUITE_P(
    Expected, PublishedColumn,
    ::testing::Values(Column{"LRU", "lru", 28}, Column{"FIFO", "fifo", 28},
                      Column{"CLOCK0", "clock0", 28}, Column{"CLOCK1", "clock1", 28},
                      Column{"SIEVE", "sieve", 28}, Column{"ARC", "arc", 28},
                      Column{"2Q", "2q", 28}, Column{"OPT", "opt", 28},
                      Column{"S3FIFO", "s3-fifo", 18}, Column{"S4LRU", "s4lru", 18},
                      Column{"LIRS_ref", "lirs", 15}, Column{"CLOCKPRO_ref", "clock-pro", 12},
                      Column{"LFU_libCacheSim", "lfu", 18}),
    [](const auto& info) { return std::string{info.param.column}; });

/// The policies whose behaviour with weights is defined alike here and there.
TEST(PublishedBytes, EveryCapacityIsExact) {
    const auto folder = data_folder();
    if (!std::filesystem::exists(folder / "LIBCACHESIM_BYTES.tsv")) {
        GTEST_SKIP() << "skipped: data not present";
    }
    const std::map<std::string, std::string> policies{
        {"Sieve", "sieve"}, {"S3FIFO-0.1000-2", "s3-fifo"}, {"LRU", "lru"}, {"Clock", "clock0"},
        {"FIFO", "fifo"},   {"MRU", "mru"},                 {"LFU", "lfu"}, {"Belady", "opt"}};
    const auto trace = read_trace(trace_path("cloudPhysicsIO").string(),
                                  {.format = {}, .weights = true});
    ASSERT_TRUE(trace.has_value()) << trace.error().message;
    std::map<std::string, int> seen;
    for (const Row& row : read_table(folder / "LIBCACHESIM_BYTES.tsv")) {
        const auto policy = policies.find(row[0]);
        if (policy == policies.end()) continue;
        for (std::size_t step = 1; step <= 8; ++step) {
            SCOPED_TRACE(row[0] + " with " + std::to_string(128 * step) + " MiB");
            const std::uint64_t bytes = std::uint64_t{128 * step} << 20;
            EXPECT_EQ(count_misses(*trace, policy->second, bytes, {.sizes = true}).value(),
                      std::stoull(row[step]));
        }
        ++seen[row[0]];
    }
    EXPECT_EQ(seen.size(), policies.size());
}

}  // namespace
}  // namespace tests::policy

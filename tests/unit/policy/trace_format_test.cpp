/// Good traces: every format, every compression, detected and named, and the writer's round trip.

#include <vector>

#include "sim/testbed/trace/next_use.hpp"
#include "sim/testbed/trace/oracle_general.hpp"
#include "sim/testbed/trace/read_trace.hpp"
#include "tests/unit/policy/trace_files.hpp"

namespace tests::policy {
namespace {

using namespace sim::testbed::trace;
using Pages = std::vector<std::uint32_t>;
using Ids = std::vector<std::uint64_t>;

class TraceFormat : public TraceFiles {
protected:
    static Trace good(const std::string& path, const ReadOptions& options = {}) {
        auto trace = read_trace(path, options);
        EXPECT_TRUE(trace.has_value()) << trace.error().message;
        return trace.has_value() ? *trace : Trace{};
    }
};

TEST_F(TraceFormat, BlockNumbersSkipBlanksAndStars) {
    const Trace trace = good(write("a.trace", "5\n\n7\r\n*\n5\n18446744073709551615"));
    EXPECT_EQ(trace.page, (Pages{0, 1, 0, 2}));
    EXPECT_EQ(trace.ids, (Ids{5, 7, 18446744073709551615ull}));
    EXPECT_TRUE(trace.write.empty());
    EXPECT_TRUE(trace.weight.empty());
}

TEST_F(TraceFormat, LisExpandsCounts) {
    for (const char* const name : {"a.lis", "detected.txt"}) {
        const Trace trace = good(write(name, "10 3 0 0\n11 1 0 1\n"));
        EXPECT_EQ(trace.ids, (Ids{10, 11, 12}));
        EXPECT_EQ(trace.page, (Pages{0, 1, 2, 1}));
    }
}

TEST_F(TraceFormat, LackeySplitsAccessesThatCrossAPage) {
    const Trace trace = good(write("log", "==12== Lackey\n==12==\nI  04001ef0,3\n"
                                          " L 1ffe,4\n S 04001008,8\n M 3000,4\n"));
    EXPECT_EQ(trace.ids, (Ids{0x4001, 1, 2, 3}));
    EXPECT_EQ(trace.page, (Pages{0, 1, 2, 0, 3}));
    EXPECT_EQ(trace.write, (std::vector<std::uint8_t>{0, 0, 0, 1, 1}));
}

TEST_F(TraceFormat, SpecAddresses) {
    const Trace trace = good(write("a", "s 0x1fffff50 1\nl 0x1fffe000 6\n"));
    EXPECT_EQ(trace.ids, (Ids{0x1ffff, 0x1fffe}));
    EXPECT_EQ(trace.write, (std::vector<std::uint8_t>{1, 0}));
}

TEST_F(TraceFormat, OracleGeneralWithAndWithoutWeights) {
    const std::string bytes = record(0, 99, 512, 2) + record(1, 1ull << 40, 0, -1) +
                              record(2, 99, 4096, -1);
    for (const char* const name : {"t.oracleGeneral.bin", "detected"}) {
        const std::string file = write(name, bytes);
        EXPECT_TRUE(good(file).weight.empty());
        const Trace trace = good(file, {.format = {}, .weights = true});
        EXPECT_EQ(trace.ids, (Ids{99, 1ull << 40}));
        EXPECT_EQ(trace.page, (Pages{0, 1, 0}));
        EXPECT_EQ(trace.weight, (std::vector<std::uint32_t>{512, 1, 4096}));
    }
}

TEST_F(TraceFormat, EveryCompressionIsTheSameTrace) {
    std::string text;
    for (unsigned i = 0; i < 300000; ++i) text += std::to_string(i * 7919 % 50021) + "\n";
    const Trace plain = good(write("plain", text));
    EXPECT_EQ(plain.references(), 300000u);
    for (const std::string& packed : {gzip_of(text), xz_of(text), zstd_of(text),
                                      gzip_of(text.substr(0, 900)) + gzip_of(text.substr(900)),
                                      xz_of(text.substr(0, 901)) + xz_of(text.substr(901)),
                                      zstd_of(text.substr(0, 7)) + zstd_of(text.substr(7))}) {
        const Trace trace = good(write("packed", packed));
        EXPECT_EQ(trace.page, plain.page);
        EXPECT_EQ(trace.ids, plain.ids);
    }
}

TEST_F(TraceFormat, RecordsAcrossChunks) {
    std::string bytes;
    for (std::uint32_t i = 0; i < 50000; ++i) bytes += record(i, i % 777, 1 + i, -1);
    for (const std::string& packed : {bytes, zstd_of(bytes), xz_of(bytes)}) {
        const Trace trace = good(write("t.oracleGeneral", packed), {.format = {}, .weights = true});
        ASSERT_EQ(trace.references(), 50000u);
        EXPECT_EQ(trace.pages(), 777u);
        EXPECT_EQ(trace.weight.back(), 50000u);
    }
}

TEST_F(TraceFormat, TheFormatCanBeForced) {
    const std::string file = write("four", "1 1 0 0\n");
    EXPECT_EQ(good(file, {.format = Format::arc_lis, .weights = false}).references(), 1u);
    EXPECT_FALSE(read_trace(file, {.format = Format::block_numbers, .weights = false}));
    for (const Format format : {Format::oracle_general, Format::block_numbers, Format::arc_lis,
                                Format::lackey, Format::spec_address}) {
        EXPECT_EQ(format_named(name(format)), format);
    }
    EXPECT_FALSE(format_named("tape").has_value());
}

TEST_F(TraceFormat, WhatTheWriterWritesIsReadBack) {
    Trace trace;
    trace.ids = {7, 1ull << 63, 12};
    for (std::uint32_t i = 0; i < 10000; ++i) {
        trace.page.push_back(i < 3 ? i : i * i % 3);
        trace.weight.push_back(1 + i);
    }
    ASSERT_TRUE(write_oracle_general_zst(path("w.oracleGeneral.zst"), trace, 4096));
    const Trace back = good(path("w.oracleGeneral.zst"), {.format = {}, .weights = true});
    EXPECT_EQ(back.page, trace.page);
    EXPECT_EQ(back.ids, trace.ids);
    EXPECT_EQ(back.weight, trace.weight);
    trace.weight.clear();
    ASSERT_TRUE(write_oracle_general_zst(path("w.zst"), trace, 4096));
    EXPECT_EQ(good(path("w.zst"), {.format = {}, .weights = true}).weight[5], 4096u);
    EXPECT_FALSE(write_oracle_general_zst(path("no/such/folder"), trace, 1));
}

TEST(NextUse, NamesTheNextPosition) {
    Trace trace;
    trace.ids = {0, 1, 2};
    trace.page = {0, 1, 0, 0, 2};
    EXPECT_EQ(next_uses(trace),
              (std::vector<std::uint64_t>{2, no_next_use, 3, no_next_use, no_next_use}));
}

}  // namespace
}  // namespace tests::policy

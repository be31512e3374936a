/// Bad traces: each gets one error that names the file, the place, what was expected and found.

#include "sim/testbed/trace/oracle_general.hpp"
#include "sim/testbed/trace/read_trace.hpp"
#include "tests/unit/policy/trace_files.hpp"

namespace tests::policy {
namespace {

using namespace sim::testbed::trace;

class TraceFault : public TraceFiles {
protected:
    static std::string error(const std::string& path, const ReadOptions& options = {}) {
        const auto trace = read_trace(path, options);
        EXPECT_FALSE(trace.has_value()) << "expected an error";
        return trace.has_value() ? "" : trace.error().message;
    }

    /// The error of a file `name` with `content`, without the path that it begins with.
    std::string fault(std::string_view name, std::string_view content,
                      const ReadOptions& options = {}) const {
        const std::string file = write(name, content);
        const std::string message = error(file, options);
        EXPECT_TRUE(message.starts_with(file + ": ")) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        return message.size() > file.size() ? message.substr(file.size() + 2) : message;
    }
};

TEST_F(TraceFault, MissingDirectoryEmpty) {
    EXPECT_EQ(error(path("absent")), path("absent") + ": cannot open: No such file or directory");
    EXPECT_EQ(error(path("")), path("") + ": expected a trace file, found a directory");
    EXPECT_EQ(fault("empty", ""), "byte 0: expected a trace, found an empty file");
    EXPECT_EQ(fault("e.lis", gzip_of("")), "expected at least one reference, found none");
    EXPECT_EQ(fault("stars", "*\n\n*\n", {.format = Format::block_numbers, .weights = false}),
              "expected at least one reference, found none");
}

TEST_F(TraceFault, UnknownContent) {
    EXPECT_EQ(fault("notes", "hello world\n"),
              "line 1: expected a record of a known format (oracleGeneral, numbers, lis, lackey, "
              "address), found \"hello world\"");
}

TEST_F(TraceFault, GarbageLines) {
    EXPECT_EQ(fault("n", "1\n2\nthree\n4\n"),
              "line 3: expected one block number below 2^64, found \"three\"");
    EXPECT_EQ(fault("n", "1\n18446744073709551616\n"),
              "line 2: expected one block number below 2^64, found \"18446744073709551616\"");
    EXPECT_EQ(fault("n", "1\n-2\n"),
              "line 2: expected one block number below 2^64, found \"-2\"");
    EXPECT_EQ(fault("a.lis", "1 1 0 0\n2 1 0\n"),
              "line 2: expected four numbers: start, count, ignored, request, found \"2 1 0\"");
    EXPECT_EQ(fault("a.lis", "1 0 0 0\n"),
              "line 1: expected a count from 1 to 2^23, found \"1 0 0 0\"");
    EXPECT_EQ(fault("a.lis", "1 9999999999999 0 0\n"),
              "line 1: expected a count from 1 to 2^23, found \"1 9999999999999 0 0\"");
    EXPECT_EQ(fault("a.lis", "18446744073709551615 2 0 0\n"),
              "line 1: expected blocks below 2^64, found \"18446744073709551615 2 0 0\"");
    EXPECT_EQ(fault("v", " L 10,4\n X 10,4\n"),
              "line 2: expected an access such as \" L 04001ef0,8\" (I, L, S or M), "
              "found \" X 10,4\"");
    EXPECT_EQ(fault("v", " L 10,4\n L 10,0\n"),
              "line 2: expected an access of 1 to 16384 bytes, found \" L 10,0\"");
    EXPECT_EQ(fault("v", " L 10,4\n L ffffffffffffffff,2\n"),
              "line 2: expected an access that ends below 2^64, found \" L ffffffffffffffff,2\"");
    EXPECT_EQ(fault("s", "l 0x10 1\nl 10 1\n"),
              "line 2: expected an access such as \"l 0x1fffff58 1\" (l or s), found \"l 10 1\"");
}

TEST_F(TraceFault, WhatIsFoundIsShownSafely) {
    const std::string nasty = "7\n\x1b[2J" + std::string(100, 'x') + "\n";
    EXPECT_EQ(fault("n", nasty, {.format = Format::block_numbers, .weights = false}),
              "line 2: expected one block number below 2^64, found \"?[2J" + std::string(36, 'x') +
                  "...\"");
    EXPECT_NE(fault("n", "7\n" + std::string(1 << 20, '1')).find("line 2: expected a short line"),
              std::string::npos);
}

TEST_F(TraceFault, TruncatedRecord) {
    EXPECT_EQ(fault("t.oracleGeneral", record(0, 1, 1, -1) + "abc"),
              "byte 24: expected a record of 24 bytes, found the end after 3");
    EXPECT_EQ(fault("t.oracleGeneral.zst", zstd_of(record(0, 1, 1, -1).substr(1))),
              "byte 0: expected a record of 24 bytes, found the end after 23");
}

TEST_F(TraceFault, SizesAskedOfAFormatWithout) {
    EXPECT_EQ(fault("n", "1\n", {.format = {}, .weights = true}),
              "expected a format with sizes, found numbers");
}

TEST_F(TraceFault, CutCompression) {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += std::to_string(i) + "\n";
    const std::pair<const char*, std::string> codings[] = {
        {"gzip", gzip_of(text)}, {"xz", xz_of(text)}, {"zstd", zstd_of(text)}};
    for (const auto& [coding, packed] : codings) {
        for (const std::size_t size : {packed.size() - 1, packed.size() / 2, std::size_t{20}}) {
            const std::string message = fault("cut", packed.substr(0, size));
            EXPECT_EQ(message, "compressed byte " + std::to_string(size) + ": expected valid " +
                                   coding + " data, found the end of the file");
        }
    }
}

TEST_F(TraceFault, DamagedCompressionNeverPasses) {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += std::to_string(i * 31 % 977) + "\n";
    const std::pair<const char*, std::string> codings[] = {{"gzip", gzip_of(text)},
                                                           {"xz", xz_of(text)}};
    for (const auto& [coding, packed] : codings) {
        for (std::size_t at = 12; at < packed.size(); at += packed.size() / 13) {
            std::string damaged = packed;
            damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
            SCOPED_TRACE(std::string{coding} + " damaged at byte " + std::to_string(at));
            fault("damaged", damaged, {.format = Format::block_numbers, .weights = false});
        }
    }
    const std::string trailing = gzip_of(text) + "trailing garbage";
    EXPECT_NE(fault("tail", trailing).find("expected valid gzip data"), std::string::npos);
}

}  // namespace
}  // namespace tests::policy

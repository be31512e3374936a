/// Traces of requests: what is read, and one error that names the line for each bad one.

#include "sim/testbed/trace/request_trace.hpp"
#include "tests/unit/policy/trace_files.hpp"

namespace tests::policy {
namespace {

using namespace sim::testbed::trace;

class RequestTrace : public TraceFiles {
protected:
    std::string fault(std::string_view content) const {
        const std::string file = write("requests", content);
        const auto requests = read_requests(file);
        EXPECT_FALSE(requests.has_value()) << "expected an error";
        if (requests.has_value()) return "";
        EXPECT_TRUE(requests.error().message.starts_with(file + ": "));
        return requests.error().message.substr(file.size() + 2);
    }
};

TEST_F(RequestTrace, LinesCommentsAndBlanks) {
    const auto requests = read_requests(
        write("good", gzip_of("# due size\n0 10\n\n  7\t20 # late\r\n7 1099511627776")));
    ASSERT_TRUE(requests.has_value()) << requests.error().message;
    ASSERT_EQ(requests->size(), 3u);
    EXPECT_EQ((*requests)[1].due_ns, 7u);
    EXPECT_EQ((*requests)[1].size_ns, 20u);
    EXPECT_EQ((*requests)[2].size_ns, request_ns_max);
}

TEST_F(RequestTrace, BadLinesAreNamed) {
    EXPECT_EQ(fault("# nothing\n"), "expected at least one request, found none");
    EXPECT_EQ(fault("0 1\n5\n"),
              "line 2: expected DUE_NS SIZE_NS, two decimal numbers, found \"5\"");
    for (const char* line : {"x 1", "1 x", "1 2 3", "-1 2", "1,2", "1 2.5", "0x1 2",
                             "18446744073709551616 1"}) {
        EXPECT_EQ(fault(line), "line 1: expected DUE_NS SIZE_NS, two decimal numbers, found \"" +
                                   std::string{line} + "\"");
    }
    EXPECT_EQ(fault("1 0"), "line 1: expected a size of 1..2^40 ns, found \"1 0\"");
    EXPECT_EQ(fault("1 1099511627777"),
              "line 1: expected a size of 1..2^40 ns, found \"1 1099511627777\"");
    EXPECT_EQ(fault("1152921504606846977 1"),
              "line 1: expected a request due within 2^60 ns, found \"1152921504606846977 1\"");
    EXPECT_EQ(fault("5 1\n4 1\n"),
              "line 2: expected requests in the order in which they are due, found \"4 1\"");
}

}  // namespace
}  // namespace tests::policy

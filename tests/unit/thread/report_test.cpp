/// Program `threads`: all checks hold under every scheduler; a deadlock and an overflow end in a
/// report that says what happened.
#include <gtest/gtest.h>

#include <fstream>

#include "sim/host/file/temporary_folder.hpp"
#include "tests/unit/thread/tool.hpp"

namespace tests::thread {
namespace {

TEST(Threads, EveryCheckHoldsUnderEveryScheduler) {
    const auto records = run_scenario("threads.toml", {});
    EXPECT_GE(records.size(), 16u);
    for (const auto& record : records) {
        EXPECT_EQ(record["exit_code"], 0) << text_of(record, "threads");
        const auto results = results_of(record, "threads");
        ASSERT_EQ(results.size(), 1u);
        EXPECT_EQ(results[0]["failed"], 0);
        EXPECT_GE(results[0]["checks"], 26);
    }
}

TEST(Threads, ADeadlockNamesWhoWaitsForWhat) {
    const auto records = run_scenario("threads.toml", {"part=deadlock"});
    for (const auto& record : records) {
        EXPECT_EQ(record["exit_code"], 3);
        const std::string text = text_of(record, "threads");
        for (const char* said :
             {"thread 0 (main) waits for the end of one, held by thread 1 (one)",
              "thread 1 (one) waits for mutex log, held by thread 2 (two)",
              "thread 2 (two) waits for mutex counter, held by thread 1 (one)",
              "panic: deadlock"}) {
            EXPECT_NE(text.find(said), std::string::npos) << record["name"] << ":\n" << text;
        }
    }
}

TEST(Threads, AnOverflowFaultsInTheGuardPage) {
    const auto records = run_scenario("threads.toml", {"part=overflow", "scheduler=fifo"});
    EXPECT_EQ(records.at(0)["exit_code"], 3);
    const std::string text = text_of(records[0], "threads");
    EXPECT_NE(text.find("panic: page fault at window+"), std::string::npos) << text;
}

TEST(Threads, TheEndOfASlicePreemptsThem) {
    const auto records = run_scenario("../tests/unit/thread/slices.toml", {});
    EXPECT_GE(records.size(), 16u);
    for (const auto& record : records) {
        EXPECT_EQ(record["exit_code"], 0) << text_of(record, "threads");
        const auto results = results_of(record, "threads");
        ASSERT_EQ(results.size(), 1u) << record["name"];
        EXPECT_GT(results[0]["gave_way"], 10) << record["name"];
    }
}

void expect_served(const std::string& arrivals, const std::string& service) {
    const auto records = run_scenario(
        "tail.toml", {"arrivals=" + arrivals, "service=" + service, "scheduler=fifo,eevdf,srpt",
                      "load=60", "quantum_ns=20000", "seed=1", "server.jobs=4000"});
    EXPECT_EQ(records.size(), 3u);
    for (const auto& record : records) {
        const std::string name = arrivals + " " + service + " " + record["name"].dump();
        EXPECT_EQ(record["exit_code"], 0) << name << text_of(record, "server");
        const auto results = results_of(record, "server");
        ASSERT_EQ(results.size(), 1u) << name;
        EXPECT_EQ(results[0]["jobs"], 4000);
        EXPECT_GE(results[0]["slowdown_milli_mean"], 1000);
        EXPECT_GE(results[0]["response_ns_p999"], results[0]["response_ns_p99"]);
        EXPECT_GE(results[0]["response_ns_p99"], results[0]["response_ns_p50"]);
        EXPECT_NEAR(results[0]["utilisation_permille"].get<double>(), 600, 150) << name;
    }
}

TEST(Tail, EveryKindOfLoadIsServed) {
    for (const char* arrivals : {"poisson", "bursty", "closed"}) {
        for (const char* service : {"fixed", "exponential", "pareto"}) {
            expect_served(arrivals, service);
        }
    }
}

TEST(Tail, RecordedRequestsAreServedAsRecorded) {
    const sim::host::file::TemporaryFolder folder;
    const std::string file = folder.file("requests");
    std::ofstream{file} << "# due size\n0 10000\n1000000 500000\n1000100 1000\n";
    const auto run = [&file](const std::string& jobs) {
        return run_scenario(
            "tail.toml", {"arrivals=trace", "service=trace", "server.requests=" + file,
                          "machine.costs=zero", "scheduler=fifo,srpt", "load=50", "seed=1",
                          "quantum_ns=20000", "server.switch_ns=0", "server.warmup=0",
                          "server.jobs=" + jobs});
    };
    const auto records = run("3");
    ASSERT_EQ(records.size(), 2u);
    // Under fifo the last waits for the one before it; srpt serves it at once.
    for (const auto& record : records) {
        ASSERT_EQ(record["exit_code"], 0) << text_of(record, "server");
        const auto results = results_of(record, "server");
        EXPECT_EQ(results.at(0)["jobs"], 3);
        const int longest = results.at(0)["scheduler"] == "fifo" ? 500'900 : 501'000;
        EXPECT_EQ(results.at(0)["response_ns_max"], longest) << record["name"];
    }
    const auto none = run_scenario("tail.toml", {"arrivals=trace", "server.requests=none",
                                                 "scheduler=fifo", "load=50", "seed=1",
                                                 "quantum_ns=20000"});
    EXPECT_EQ(none.at(0)["exit_code"], 3);
    EXPECT_NE(text_of(none.at(0), "server").find("no argument \"requests\" names one"),
              std::string::npos);
    const auto longer = run("4");
    EXPECT_EQ(longer.at(0)["exit_code"], 3);
    EXPECT_NE(text_of(longer.at(0), "server")
                  .find("the trace has 3 requests; warmup and jobs want 4"),
              std::string::npos);
}

}  // namespace
}  // namespace tests::thread

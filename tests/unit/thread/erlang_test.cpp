/// Queueing theory, run on several cores: `servers` has one queue before 2, 4, 8 and 16 servers,
/// each on a core of its own. Erlang's C formula gives mean waits and responses, and the 99th
/// percentile of waiting: 3 numbers a queue, 20 queues, from the same runs. Kernel calls are free.
///
/// The rule: none of the numbers lies outside the interval that holds all at once with 99%
/// (Bonferroni), and at most 4 queues have one outside its own 99% interval (by chance, more do
/// with a probability below 4e-4, since at most 3 queues in a hundred do).
/// CHITIN_SEED=N takes other seeds, CHITIN_VERBOSE=1 prints every number.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "tests/unit/thread/oracle.hpp"
#include "tests/unit/thread/tool.hpp"

namespace tests::thread {
namespace {

constexpr double unit = 1e7;  // ns: against it a call between cores that is tried again is nothing
constexpr int runs_per_queue = 10;
constexpr std::size_t queues_expected = 20;
constexpr std::size_t queues_outside_max = 4;
// Student's t, 9 degrees of freedom, two-sided: 99%; 99% for 59 numbers at once.
constexpr double t_number = 3.250;
constexpr double t_family = 6.146;
constexpr double precision = 1.0 / 512;  // of a percentile, which is rounded up

struct Queue {
    unsigned servers;
    double load;
    double wait_mean, response_mean, wait_p99;

    /// Requests that arrive in one relaxation time, about.
    double memory() const { return load / std::pow(1 - std::sqrt(load), 2); }
};

std::vector<Queue> queues() {
    std::vector<Queue> all;
    for (const std::string& line : table_lines()) {
        std::istringstream cells{line};
        Queue queue;
        double erlang = 0;
        if (cells >> queue.servers >> queue.load >> erlang >> queue.wait_mean >>
                queue.response_mean >> queue.wait_p99 &&
            queue.servers > 1) {
            all.push_back(queue);
        }
    }
    return all;
}

std::vector<nlohmann::json> runs_of(const Queue& queue, std::size_t index) {
    const auto whole = [](double number) {
        return std::to_string(std::llround(number));
    };
    std::vector<nlohmann::json> all;
    for (const auto& record : run_scenario(
             "servers.toml",
             {"machine.cores=" + std::to_string(queue.servers + 1),
              "load=" + whole(queue.load * 100),
              seeds_of(5'000 + index, runs_per_queue), "root.args.size_ns=" + whole(unit),
              "root.args.warmup=" + whole(1000 + 5 * queue.memory()),
              "root.args.jobs=" + whole(std::max(15'000.0, 60 * queue.memory()))})) {
        EXPECT_EQ(record["exit_code"], 0) << text_of(record, "servers");
        for (const auto& line : results_of(record, "servers")) all.push_back(line);
    }
    EXPECT_EQ(all.size(), runs_per_queue);
    return all;
}

/// One number of a queue: by how many standard errors it is off. Adds a line to `table`.
double off(const Queue& queue, const std::vector<nlohmann::json>& runs, const std::string& figure,
           double expected, std::ostream& table) {
    std::vector<double> found;
    for (const auto& run : runs) found.push_back(run[figure].get<double>() / unit);
    const double rounding = figure.ends_with("p99") ? expected * precision : 0;
    const Deviation of = deviation_of(expected, found, rounding);
    char text[160];
    std::snprintf(text, sizeof text, "M/M/%-2u %4.2f %-16s %10.5f %10.5f +- %8.5f %6.2f\n",
                  queue.servers, queue.load, figure.c_str(), expected, of.mean,
                  t_number * of.error, of.errors);
    table << text;
    EXPECT_LE(std::abs(of.errors), t_family) << text;
    return std::abs(of.errors);
}

TEST(ErlangOracle, QueuesBeforeManyCoresAreTheFormula) {
    if (!std::filesystem::exists(oracle_path())) {
        GTEST_SKIP() << "skipped: data not present: " << oracle_path();
    }
    const std::vector<Queue> all = queues();
    ASSERT_EQ(all.size(), queues_expected);
    std::size_t outside = 0;
    std::ostringstream table;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Queue& queue = all[i];
        const auto runs = runs_of(queue, i);
        double most = std::max(off(queue, runs, "wait_ns_mean", queue.wait_mean, table),
                               off(queue, runs, "response_ns_mean", queue.response_mean, table));
        // Where hardly more than one in a hundred waits at all, a sample's percentile is that of
        // nothing: left out (M/M/16 at half load).
        if (queue.wait_p99 > 0) {
            most = std::max(most, off(queue, runs, "wait_ns_p99", queue.wait_p99, table));
        }
        outside += most > t_number;
    }
    EXPECT_LE(outside, queues_outside_max) << table.str();
    if (std::getenv("CHITIN_VERBOSE") != nullptr) {
        std::printf("%s%zu queues outside\n", table.str().c_str(), outside);
    }
}

}  // namespace
}  // namespace tests::thread

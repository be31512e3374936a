/// Queueing theory, run: `tail` serves Poisson arrivals with threads of an environment, with all
/// costs zero, under fifo, sjf, srpt and ps. 79 numbers are those that the formulas give: means,
/// and 99th percentiles of waiting. Each number, a row, has runs and seeds of its own, so that rows
/// are independent; a row's interval is Student's, over its runs.
///
/// The rule, for all rows together, since one true row in a hundred lies outside its 99% interval:
///  - at most 6 of the 79 lie outside (by chance, more do with probability 1.5e-5);
///  - none lies outside the interval that holds all 79 at once with 99% (Bonferroni);
///  - the rows of no scheduler lean to one side: the sum of a group's deviations, each in standard
///    errors, is within that sum's own interval of 99.8% (there are five groups: 1% by chance).
/// So another seed fails by chance once in fifty. The seed is 1, and was not chosen;
/// CHITIN_SEED=N takes another. CHITIN_VERBOSE=1 prints every row, and beside it the same requests
/// where kernel calls and switches cost what they do.
///
/// What would make rows deviate for another reason, and what is done about it. A queue begins
/// empty: a run warms up for several relaxation times. A percentile of few values is biased: those
/// runs are longer. Taking turns is not yet sharing: see sharing().
///
/// The data is not part of the repository (oracle.hpp).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "tests/unit/thread/oracle.hpp"
#include "tests/unit/thread/tool.hpp"

namespace tests::thread {
namespace {

constexpr double unit = 1e5;  // ns in the tables' unit of time
constexpr int runs_per_row = 20;
constexpr std::size_t rows_expected = 79;
constexpr int outside_max = 6;
// Student's t, 19 degrees of freedom, two-sided: 99%; 99% for 79 rows at once.
constexpr double t_row = 2.861;
constexpr double t_family = 4.793;
constexpr double normal_group = 3.09;  // two-sided 99.8%
constexpr double precision = 1.0 / 512;  // of a percentile, which is rounded up

/// What time is charged for, beside the requests' own work.
struct Costs {
    const char* profile;    // of the kernel
    const char* switch_ns;  // of a switch between threads
};
constexpr Costs no_costs{"zero", "0"};
constexpr Costs real_costs{"default", "200"};

/// A service time: exponential of mean 1, or one of two constants.
struct Service {
    bool exponential = false;
    double share = 1;  // of the first constant
    double sizes[2] = {1, 1};

    double mean() const { return share * sizes[0] + (1 - share) * sizes[1]; }
    double square() const {
        if (exponential) return 2;
        return share * sizes[0] * sizes[0] + (1 - share) * sizes[1] * sizes[1];
    }
    std::vector<std::string> settings() const {
        const auto ns = [](double size) {
            return std::to_string(std::llround(size * unit));
        };
        if (exponential) return {"service=exponential", "size_ns=" + ns(1)};
        if (share == 1) return {"service=fixed", "size_ns=" + ns(sizes[0])};
        return {"service=bimodal", "size_ns=" + ns(sizes[0]), "large_ns=" + ns(sizes[1]),
                "large_ppm=" + std::to_string(std::llround((1 - share) * 1e6))};
    }
};

/// A number of the tables.
struct Row {
    std::string queue;  // as the table calls it
    Service service;
    double load;
    std::string scheduler;  // as `tail` calls it
    std::string figure;     // of tail's result line
    double expected;

    bool percentile() const { return figure.ends_with("p99"); }
    std::string group() const { return service.exponential ? "M/M/1" : scheduler; }

    /// Requests that arrive in one relaxation time of the queue, about.
    double memory() const {
        const double rate = load / service.mean();
        return 1 + rate * service.square() / ((1 - load) * (1 - load)) * rate;
    }
    /// Requests measured in a run.
    double jobs() const {
        if (percentile()) return std::max(50'000.0, 300 * memory());
        return std::clamp(50 * memory(), 12'000.0, scheduler == "ps" ? 100'000.0 : 250'000.0);
    }
    double warmup() const { return 1000 + 5 * memory(); }
    /// Of which ps gives each thread a part: a small part of the expected response.
    double quantum() const { return 0.02 / ((1 - load) * (1 - load)) * service.mean(); }
};

/// "4 0.5 0.173913 ...": cores, load, Erlang's C, mean wait, mean response, 99th percentile.
void add_exponential(std::vector<Row>& rows, const std::string& line) {
    std::istringstream cells{line};
    unsigned cores = 0;
    double load = 0, erlang = 0, wait = 0, response = 0, p99 = 0;
    if (!(cells >> cores >> load >> erlang >> wait >> response >> p99) || cores != 1) return;
    const Service service{.exponential = true};
    rows.push_back({"M/M/1", service, load, "fifo", "wait_ns_mean", wait});
    rows.push_back({"M/M/1", service, load, "fifo", "response_ns_mean", response});
    rows.push_back({"M/M/1", service, load, "fifo", "wait_ns_p99", p99});
}

/// "bimodal_90%x0.5_10%x5.5 rho=0.5 mean=1.0000 FCFS=2.6250 PS=2.0000 ..."
void add_general(std::vector<Row>& rows, const std::string& line) {
    const auto at = line.find(" rho=");
    if (at == std::string::npos) return;
    const std::string name = line.substr(0, at);
    Service service;
    double percents[2] = {100, 0};
    if (name != "det1") {
        ASSERT_EQ(std::sscanf(name.c_str(), "bimodal_%lf%%x%lf_%lf%%x%lf", &percents[0],
                              &service.sizes[0], &percents[1], &service.sizes[1]),
                  4);
        service.share = percents[0] / 100;
    }
    const auto number = [&line](const std::string& key) {
        return std::stod(line.substr(line.find(key) + key.size()));
    };
    for (const auto& [scheduler, key] : {std::pair{"fifo", " FCFS="}, std::pair{"sjf", " NP-SJF="},
                                         std::pair{"srpt", " SRPT="}, std::pair{"ps", " PS="}}) {
        rows.push_back(
            {name, service, number(" rho="), scheduler, "response_ns_mean", number(key)});
    }
}

/// The figure that each run of the row gives, in the tables' unit.
std::vector<double> figures(const Row& row, std::size_t index, double quantum,
                            const Costs& costs = no_costs) {
    const auto whole = [](double number) {
        return std::to_string(std::llround(number));
    };
    std::vector<std::string> settings = row.service.settings();
    settings.insert(settings.end(),
                    {std::string{"machine.costs="} + costs.profile,
                     std::string{"server.switch_ns="} + costs.switch_ns, "server.threads=3000",
                     "scheduler=" + row.scheduler, "load=" + whole(row.load * 100),
                     seeds_of(index, runs_per_row),
                     "quantum_ns=" + whole(quantum * unit),
                     "server.warmup=" + whole(row.warmup()), "server.jobs=" + whole(row.jobs())});
    std::vector<double> all;
    for (const auto& record : run_scenario("tail.toml", settings)) {
        EXPECT_EQ(record["exit_code"], 0) << text_of(record, "server");
        for (const auto& line : results_of(record, "server")) {
            EXPECT_TRUE(row.scheduler == "fifo" || line["backlog_max"] == 0) << record["name"];
            all.push_back(line[row.figure].get<double>() / unit);
        }
    }
    EXPECT_EQ(all.size(), runs_per_row);
    return all;
}

/// Sharing is the limit of ever shorter turns. How far from it a mean is goes with the quantum, so
/// the limit is got from the same requests at one quantum and at twice that.
std::vector<double> sharing(const Row& row, std::size_t index) {
    std::vector<double> limits = figures(row, index, row.quantum());
    const std::vector<double> twice = figures(row, index, 2 * row.quantum());
    for (std::size_t i = 0; i < std::min(limits.size(), twice.size()); ++i) {
        limits[i] += limits[i] - twice[i];
    }
    return limits;
}

Deviation deviation(const Row& row, const std::vector<double>& runs) {
    return deviation_of(row.expected, runs, row.percentile() ? row.expected * precision : 0);
}

std::string line_of(const Row& row, const Deviation& of) {
    char text[200];
    std::snprintf(text, sizeof text, "%-27s %4.2f %-4s %-16s %10.4f %10.4f +- %8.4f %6.2f",
                  row.queue.c_str(), row.load, row.scheduler.c_str(), row.figure.c_str(),
                  row.expected, of.mean, t_row * of.error, of.errors);
    return text;
}

/// The row's number as it is where things cost, from the same requests. Under ps a round is as long
/// as ten mean requests there: the turns of short ones leave no time for the requests.
double with_costs(const Row& row, std::size_t index) {
    const double quantum = 10 * row.service.mean();
    return deviation(row, figures(row, index, quantum, real_costs)).mean;
}

TEST(Oracle, MeansAndTailsAreTheFormulas) {
    if (!std::filesystem::exists(oracle_path())) {
        GTEST_SKIP() << "skipped: data not present: " << oracle_path();
    }
    std::vector<Row> rows;
    for (const std::string& line : table_lines()) {
        add_exponential(rows, line);
        add_general(rows, line);
    }
    ASSERT_EQ(rows.size(), rows_expected);
    const bool verbose = std::getenv("CHITIN_VERBOSE") != nullptr;
    int outside = 0;
    std::ostringstream table;
    std::map<std::string, std::pair<double, double>> groups;  // sum of deviations, how many
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row& row = rows[i];
        const Deviation of =
            deviation(row, row.scheduler == "ps" ? sharing(row, i) : figures(row, i, 1));
        const std::string text = line_of(row, of);
        table << text;
        if (verbose) table << "  with costs " << with_costs(row, i);
        table << "\n";
        outside += std::abs(of.errors) > t_row;
        EXPECT_LE(std::abs(of.errors), t_family) << text;
        groups[row.group()].first += of.errors;
        groups[row.group()].second += 1;
    }
    constexpr double variance = (runs_per_row - 1.0) / (runs_per_row - 3.0);  // of Student's t
    for (const auto& [name, group] : groups) {
        const double lean = group.first / std::sqrt(variance * group.second);
        EXPECT_LE(std::abs(lean), normal_group) << name << " leans to one side\n" << table.str();
        table << name << " leans by " << lean << "\n";
    }
    EXPECT_LE(outside, outside_max) << "of " << rows_expected << " rows\n" << table.str();
    if (verbose) std::printf("%s%d outside\n", table.str().c_str(), outside);
}

}  // namespace
}  // namespace tests::thread

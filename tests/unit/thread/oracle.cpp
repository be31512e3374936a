#include "tests/unit/thread/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

namespace tests::thread {

std::filesystem::path oracle_path() {
    if (const char* const data = std::getenv("CHITIN_DATA")) {
        return std::filesystem::path{data} / "sched-oracles/queueing.txt";
    }
    return std::filesystem::path{CHITIN_SOURCE_DIR} / "../shared/data/sched-oracles/queueing.txt";
}

std::vector<std::string> table_lines() {
    std::ifstream file{oracle_path()};
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
}

std::string seeds_of(std::size_t row, std::size_t runs) {
    const char* const other = std::getenv("CHITIN_SEED");
    const std::size_t base = other != nullptr ? std::strtoul(other, nullptr, 10) : 1;
    const std::size_t first = base * 10'000 + row * runs;
    std::string seeds = "seed=" + std::to_string(first);
    for (std::size_t i = 1; i < runs; ++i) seeds += "," + std::to_string(first + i);
    return seeds;
}

Deviation deviation_of(double expected, const std::vector<double>& runs, double rounding) {
    Deviation of;
    const auto count = static_cast<double>(runs.size());
    for (const double run : runs) of.mean += run / count;
    double squares = 0;
    for (const double run : runs) squares += (run - of.mean) * (run - of.mean);
    of.error = std::sqrt(squares / (count - 1) / count);
    const double above = of.mean - expected;
    const double off = above > 0 ? std::max(0.0, above - rounding) : above;
    of.errors = off / of.error;
    return of;
}

}  // namespace tests::thread

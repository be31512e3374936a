#pragma once

/// Queueing theory's numbers, and how far what runs gave lies from them.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace tests::thread {

/// The tables; not part of the repository: looked for in $CHITIN_DATA and in ../shared/data.
[[nodiscard]] std::filesystem::path oracle_path();
[[nodiscard]] std::vector<std::string> table_lines();

/// The setting "seed=..." of a row's runs: seeds of its own. Chosen by nobody; CHITIN_SEED=N takes
/// others.
[[nodiscard]] std::string seeds_of(std::size_t row, std::size_t runs);

struct Deviation {
    double mean = 0;
    double error = 0;   ///< of the mean, standard
    double errors = 0;  ///< how many of these the mean is off
};

/// What is above `expected` by no more than `rounding` is not off.
[[nodiscard]] Deviation deviation_of(double expected, const std::vector<double>& runs,
                                     double rounding);

}  // namespace tests::thread

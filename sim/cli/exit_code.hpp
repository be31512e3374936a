#pragma once

/// Exit codes of the `chitin` command.

namespace sim::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;        ///< a cell failed, an expectation, a divergence
inline constexpr int exit_usage = 2;         ///< wrong usage or bad input
inline constexpr int exit_install = 3;       ///< another program is missing
inline constexpr int exit_interrupted = 130;

}  // namespace sim::cli

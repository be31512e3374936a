#pragma once

/// Replay files: one failure, complete: the scenario's text, the cell, the decisions.
///
/// Invariant: the same file gives the same history with every build of the same sources whose
/// events are the same (all presets but `instr`, which has its own).

#include <expected>
#include <string>

#include "sim/explore/run.hpp"
#include "sim/explore/workload.hpp"

namespace sim::explore {

struct ReplayFile {
    std::string name;         ///< the scenario's
    std::string scenario;     ///< resolved, as TOML
    std::string base_folder;  ///< where its traces' paths start
    std::uint32_t cell = 0;
    std::uint64_t check_every = 0;
    std::uint64_t check_start = 0;
    Baseline baseline;
    std::string strategy;  ///< of the search that found it, for people
    std::uint64_t run = 0;
    std::uint64_t seed = 0;
    Failure failure = Failure::none;
    std::string text;
    Decisions decisions;
    ArgumentChanges workload;  ///< of the cell, after shrinking
};

/// Error: the disk's.
[[nodiscard]] std::expected<void, std::string> write_replay(const std::string& path,
                                                            const ReplayFile& file);
/// Error: what is wrong in the file, with the field's name, and what was expected.
[[nodiscard]] std::expected<ReplayFile, std::string> read_replay(const std::string& path);

}  // namespace sim::explore

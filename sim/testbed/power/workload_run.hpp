#pragma once

/// A workload's run: a cell on the hosted machine, everything that its first disk was asked
/// written down between its result lines; and a run of the same that only looks.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "sim/testbed/crash/recording.hpp"
#include "sim/testbed/power/ledger.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::testbed::power {

/// One environment's file system, and what was said of it.
struct WorkloadVolume {
    std::string environment;
    VolumeLine place;
    std::uint64_t since = 0;  ///< no crash with a lower mark is judged

    struct Said {
        std::uint64_t mark = 0;  ///< holds for crashes with this mark and higher ones
        Statement statement;
    };
    std::vector<Said> said;   ///< by mark
};

struct WorkloadRun {
    crash::Recording recording;  ///< marks count result lines
    std::vector<WorkloadVolume> volumes;
    std::uint64_t flushes = 0;
};

/// Runs cell `cell`. `ignore_flushes`: the disk answers flushes and does nothing. Errors: no disk,
/// or one of more than recorded_bytes_max; a run that does not end well; nobody said where a
/// volume lies.
[[nodiscard]] std::expected<WorkloadRun, std::string> record_workload(const Scenario& scenario,
                                                                      std::uint32_t cell,
                                                                      bool ignore_flushes);

inline constexpr std::uint64_t recorded_bytes_max = std::uint64_t{1} << 30;

/// The bundle of the cell with `phase=look` for each environment. Errors: one has no such argument.
[[nodiscard]] std::expected<std::vector<std::byte>, std::string> look_bundle(
    const Scenario& scenario, std::uint32_t cell);

/// What an environment that looked said of its volume, and how it ended.
struct LookedVolume {
    std::string environment;
    Looked looked;
    std::uint32_t exit_code = 0;
};

/// Runs such a bundle on a disk that holds `image`, and on as many blank ones as the cell has more.
/// Error: the machine did not end.
[[nodiscard]] std::expected<std::vector<LookedVolume>, std::string> look_on_machine(
    std::span<const std::byte> bundle, const Machine& machine, std::span<const std::byte> image);

}  // namespace sim::testbed::power

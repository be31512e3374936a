#pragma once

/// The bundle writer: a scenario's cells and files as the blob that both machines are started with.
///
/// Invariants: the metadata has room for every possible file record, so adding the programs of the
/// bare machine at the end moves no data file; the result passes kernel::bundle_check.
/// Layout: kernel/abi/bundle.hpp.

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "sim/testbed/scenario.hpp"

namespace sim::testbed {

struct ProgramFile {
    std::string name;
    std::vector<std::byte> image;  ///< an ELF file
};

struct BundleOptions {
    bool trace_full = false;                ///< every cell hands out its events
    std::span<const ProgramFile> programs;  ///< for the bare machine
};

/// The bundle with the cells `chosen` (indices into scenario.cells), in that order. Errors: too
/// large, a name too long.
[[nodiscard]] std::expected<std::vector<std::byte>, std::string> make_bundle(
    const Scenario& scenario, std::span<const std::uint32_t> chosen, const BundleOptions& options);

}  // namespace sim::testbed

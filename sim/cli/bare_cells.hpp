#pragma once

/// Cells on the bare machine, in QEMU.

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sim/cli/hosted_cells.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::cli {

/// The bundle of the cells `chosen` with every program of the image build. Errors: no image
/// build, programs missing from it, a bundle too large.
[[nodiscard]] std::expected<std::vector<std::byte>, std::string> make_bare_bundle(
    const testbed::Scenario& scenario, std::span<const std::uint32_t> chosen, bool trace_full);

/// Runs the cells `chosen`, with their disks where `options` has none; nothing is kept of those.
/// Errors: those of make_bare_bundle and of QEMU.
[[nodiscard]] std::expected<HostedEnd, std::string> run_bare_cells(
    const testbed::Scenario& scenario, std::span<const std::uint32_t> chosen, bool trace_full,
    testbed::boot::BareOptions options,
    const std::function<void(const engine::CellResult&)>& on_result);

}  // namespace sim::cli

#include "sim/cli/hosted_cells.hpp"

#include "sim/host/process/worker.hpp"
#include "sim/machine/clock/clock.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"
#include "sim/testbed/runner.hpp"

namespace sim::cli {

namespace {

using testbed::disks::Keeping;

engine::CellResult without_disks(std::uint32_t cell, std::string error) {
    engine::CellResult result;
    result.cell = cell;
    result.error = std::move(error);
    return result;
}

}  // namespace

std::expected<HostedEnd, std::string> run_hosted_cells(
    const testbed::Scenario& scenario, std::span<const std::uint32_t> chosen,
    const HostedCells& options, const std::function<void(const engine::CellResult&)>& on_result) {
    if (chosen.empty()) return HostedEnd::complete;
    const auto bundle =
        testbed::make_bundle(scenario, chosen, {.trace_full = options.trace_full, .programs = {}});
    if (!bundle) return std::unexpected(bundle.error());
    machine::HostedOptions hosted;
    hosted.window_base = options.window_base;
    const Keeping keeping = options.keep_disks ? Keeping::as_said : Keeping::never;
    machine::prepare_process();
    const host::process::Interrupt interrupt;
    const bool complete = testbed::run_cells(
        *bundle, chosen,
        {.parallel = options.parallel,
         .run_cell =
             [&](std::span<const std::byte> blob, std::uint32_t cell) {
                 machine::HostedOptions own = hosted;
                 auto disks = hosted_disks(scenario.cells[chosen[cell]].machine, keeping);
                 if (!disks) return without_disks(cell, disks.error());
                 own.disks = std::move(*disks);
                 return machine::run_hosted(blob, cell, own);
             },
         .on_result = on_result});
    return complete ? HostedEnd::complete : HostedEnd::interrupted;
}

}  // namespace sim::cli

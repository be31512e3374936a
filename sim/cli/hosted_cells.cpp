#include "sim/cli/hosted_cells.hpp"

#include "sim/host/process/worker.hpp"
#include "sim/machine/clock/clock.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/runner.hpp"

namespace sim::cli {

std::expected<HostedEnd, std::string> run_hosted_cells(
    const testbed::Scenario& scenario, std::span<const std::uint32_t> chosen,
    const HostedCells& options, const std::function<void(const engine::CellResult&)>& on_result) {
    if (chosen.empty()) return HostedEnd::complete;
    const auto bundle =
        testbed::make_bundle(scenario, chosen, {.trace_full = options.trace_full, .programs = {}});
    if (!bundle) return std::unexpected(bundle.error());
    machine::HostedOptions hosted;
    hosted.window_base = options.window_base;
    machine::prepare_process();
    const host::process::Interrupt interrupt;
    const bool complete = testbed::run_cells(
        *bundle, chosen,
        {.parallel = options.parallel,
         .run_cell =
             [&hosted](std::span<const std::byte> blob, std::uint32_t cell) {
                 return machine::run_hosted(blob, cell, hosted);
             },
         .on_result = on_result});
    return complete ? HostedEnd::complete : HostedEnd::interrupted;
}

}  // namespace sim::cli

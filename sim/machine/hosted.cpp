#include "sim/machine/hosted.hpp"

#include <cstring>
#include <utility>

#include "kernel/entry.hpp"
#include "sim/machine/machine.hpp"
#include "sim/machine/programs.hpp"

namespace sim::machine {

namespace {

engine::CellResult failed(std::uint32_t cell, std::string error) {
    engine::CellResult result;
    result.cell = cell;
    result.error = std::move(error);
    return result;
}

}  // namespace

engine::CellResult run_hosted(std::span<const std::byte> bundle, std::uint32_t cell,
                              const HostedOptions& options) {
    if (const char* problem = kernel::bundle_check(bundle.data(), bundle.size())) {
        return failed(cell, problem);
    }
    kernel::abi::BundleHeader header;
    std::memcpy(&header, bundle.data(), sizeof header);
    if (cell >= header.cell_count) {
        return failed(cell, "the bundle has " + std::to_string(header.cell_count) +
                                " cells, and none with the number " + std::to_string(cell));
    }
    MachineSpec spec{.bundle = bundle.first(header.size_bytes),
                     .cell = {},
                     .cell_index = cell,
                     .programs = hosted_programs(),
                     .options = options};
    std::memcpy(&spec.cell, bundle.data() + header.cells_offset + cell * sizeof spec.cell,
                sizeof spec.cell);
    auto machine = Machine::create(std::move(spec));
    if (!machine) return failed(cell, machine.error());
    if (options.on_machine) options.on_machine(*machine);
    return machine->run(&kernel::run_cell);
}

}  // namespace sim::machine

#include "sim/cli/bare_cells.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "sim/cli/build_tree.hpp"
#include "sim/host/child/child.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/testbed/boot/iso.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace sim::cli {

namespace {

namespace fs = std::filesystem;

std::vector<std::byte> read_file(const fs::path& path) {
    std::ifstream file{path, std::ios::binary | std::ios::ate};
    if (!file) return {};
    std::vector<std::byte> content(static_cast<std::size_t>(file.tellg()));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(content.data()),
              static_cast<std::streamsize>(content.size()));
    return content;
}

// Every program of the image: any environment may start any.
std::expected<std::vector<testbed::ProgramFile>, std::string> read_programs() {
    const fs::path folder = find_build_tree().image() / "image" / "programs";
    std::vector<fs::path> paths;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder, error}) {
        if (entry.path().extension() == ".elf") paths.push_back(entry.path());
    }
    if (paths.empty()) {
        return std::unexpected(fmt::format("no programs in {}: build the image with: "
                                           "./chitin build image", folder.string()));
    }
    std::ranges::sort(paths);
    std::vector<testbed::ProgramFile> programs;
    for (const fs::path& path : paths) {
        programs.push_back({path.stem().string(), read_file(path)});
    }
    return programs;
}

}  // namespace

std::expected<std::vector<std::byte>, std::string> make_bare_bundle(
    const testbed::Scenario& scenario, std::span<const std::uint32_t> chosen, bool trace_full) {
    const auto programs = read_programs();
    if (!programs) return std::unexpected(programs.error());
    return testbed::make_bundle(scenario, chosen,
                                {.trace_full = trace_full, .programs = *programs});
}

std::expected<HostedEnd, std::string> run_bare_cells(
    const testbed::Scenario& scenario, std::span<const std::uint32_t> chosen, bool trace_full,
    testbed::boot::BareOptions options,
    const std::function<void(const engine::CellResult&)>& on_result) {
    if (chosen.empty()) return HostedEnd::complete;
    const auto bundle = make_bare_bundle(scenario, chosen, trace_full);
    if (!bundle) return std::unexpected(bundle.error());
    if (options.disks.empty()) {  // all cells have the same ones
        options.disks = testbed::disks::bare_disks(scenario.cells[chosen.front()].machine,
                                                   testbed::disks::Keeping::never);
    }
    options.image = (find_build_tree().image() / "image" / "chitin.elf").string();
    const host::file::TemporaryFolder folder;
    if (!folder.valid()) return std::unexpected("cannot make a temporary folder");
    if (!options.iso_device.empty()) {
        options.iso = folder.file("chitin.iso");
        const auto made = testbed::boot::make_iso(options.image, *bundle, options.iso);
        if (!made) return std::unexpected(made.error());
        if (options.iso_device == "cd") options.iso_device.clear();
    }
    options.on_cell = [&](const engine::CellResult& result) {
        engine::CellResult renumbered = result;
        renumbered.cell = chosen[result.cell];
        on_result(renumbered);
    };
    const host::process::Interrupt interrupt;
    options.interrupted = [] { return host::process::Interrupt::seen(); };
    const auto results = testbed::boot::run_bare(*bundle, options);
    if (!results) return std::unexpected(results.error());
    return host::process::Interrupt::seen() ? HostedEnd::interrupted : HostedEnd::complete;
}

}  // namespace sim::cli

#include "bench/primitives.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "scenarios/programs/programs.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/scenario.hpp"

namespace bench {

namespace {

using Bundle = std::expected<std::vector<std::byte>, std::string>;

double seconds() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Bundle make_bundle(std::uint64_t repetitions, std::vector<sim::testbed::ProgramFile> programs) {
    namespace testbed = sim::testbed;
    testbed::Scenario scenario;
    scenario.name = "meter";
    // What one core does, and what two do to each other.
    for (const std::uint32_t cores : {1u, 2u}) {
        testbed::Cell cell;
        cell.name = "meter";
        cell.machine.pool_frames = 4096 * cores;
        cell.machine.cores = cores;
        cell.machine.slice_ns = 1'000'000'000'000;
        cell.machine.seed = 1;
        for (std::uint32_t core = 0; core < cores; ++core) {
            testbed::Environment root;
            root.name = "meter";
            root.program = "meter";
            root.core = core;
            root.limit_frames = 4096;
            root.arguments = {{"repetitions", std::to_string(repetitions)}};
            cell.environments.push_back(root);
        }
        scenario.cells.push_back(cell);
    }
    const std::uint32_t chosen[] = {0, 1};
    return testbed::make_bundle(scenario, chosen, {.trace_full = false, .programs = programs});
}

void add_figures(const sim::engine::EnvResult& env, double scale, Figures& figures) {
    for (const std::string& line : env.results) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object() || !json.contains("operation")) continue;
        figures[json["operation"].get<std::string>()] = json["median_ticks"].get<double>() * scale;
    }
}

std::expected<Figures, std::string> figures_of(
    const std::vector<sim::engine::CellResult>& results, double scale) {
    Figures figures;
    for (const sim::engine::CellResult& result : results) {
        if (!result.error.empty()) return std::unexpected{result.error};
        for (const auto& env : result.envs) add_figures(env, scale, figures);
    }
    if (figures.empty()) return std::unexpected{std::string{"meter reported nothing"}};
    return figures;
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    return {first, first + bytes.size()};
}

}  // namespace

double nanoseconds_per_tick() {
    const double begin = seconds();
    const std::uint64_t first = __builtin_ia32_rdtsc();
    while (seconds() - begin < 0.05) {
    }
    const double span = seconds() - begin;
    return span * 1e9 / static_cast<double>(__builtin_ia32_rdtsc() - first);
}

std::expected<Figures, std::string> hosted_figures(std::uint64_t repetitions) {
    const Bundle bundle = make_bundle(repetitions, {});
    if (!bundle) return std::unexpected{bundle.error()};
    const double scale = nanoseconds_per_tick();
    return figures_of({sim::machine::run_hosted(*bundle, 0, {}),
                       sim::machine::run_hosted(*bundle, 1, {})}, scale);
}

std::expected<Figures, std::string> image_figures(std::uint64_t repetitions,
                                                  const std::string& image) {
    const std::filesystem::path folder{image};
    const Bundle bundle =
        make_bundle(repetitions, {{"meter", read_file(folder / "programs" / "meter.elf")}});
    if (!bundle) return std::unexpected{bundle.error()};
    sim::testbed::boot::BareOptions options;
    options.image = (folder / "chitin.elf").string();
    options.count_instructions = true;
    const auto results = sim::testbed::boot::run_bare(*bundle, options);
    if (!results) return std::unexpected{results.error()};
    if (results->size() != 2) return std::unexpected{std::string{"the image gave no result"}};
    return figures_of(*results, 1);
}

}  // namespace bench

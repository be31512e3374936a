#include "tests/adversary/cells.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "scenarios/programs/programs.hpp"
#include "sim/checkers/conservation.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/models/disk_profiles.hpp"
#include "sim/testbed/catalogue.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace tests::adversary {

namespace {

std::optional<sim::testbed::Scenario> read(const std::string& scenario) {
    constexpr sim::models::Named<kernel::abi::CostProfile> costs[] = {
        {"default", "", {100, 200, 50, 20, 30, 300, 400, 40, 60, 700}}, {"zero", "", {}}};
    auto catalogue = sim::testbed::catalogue_of(scenarios::programs::program_declarations(), costs,
                                                sim::models::disk_profiles());
    catalogue.policies = {"clock", "lru", "arc", "s3-fifo"};
    sim::testbed::Problems problems;
    const std::string path = std::string{CHITIN_SOURCE} + "/scenarios/" + scenario;
    auto found = sim::testbed::read_scenario(path, catalogue, {}, problems);
    EXPECT_TRUE(found) << problems.text();
    return found;
}

}  // namespace

sim::testbed::Machine machine_of(const std::string& scenario, std::uint32_t cell) {
    const auto found = read(scenario);
    return found ? found->cells.at(cell).machine : sim::testbed::Machine{};
}

std::vector<std::byte> bundle_of(const std::string& scenario, bool trace_full,
                                 std::span<const sim::testbed::ProgramFile> programs,
                                 std::uint32_t cell) {
    const auto found = read(scenario);
    if (!found) return {};
    const std::uint32_t chosen[] = {cell};
    const auto bundle =
        sim::testbed::make_bundle(*found, chosen, {.trace_full = trace_full, .programs = programs});
    EXPECT_TRUE(bundle) << bundle.error();
    return bundle.value_or(std::vector<std::byte>{});
}

sim::engine::CellResult run(const std::string& scenario, const Look& look,
                            std::uint32_t cell) {
    const auto bundle = bundle_of(scenario, false, {}, cell);
    std::uint64_t event = 0;
    sim::machine::HostedOptions options;
    auto disks = hosted_disks(machine_of(scenario, cell), sim::testbed::disks::Keeping::never);
    EXPECT_TRUE(disks) << disks.error();
    if (disks) options.disks = std::move(*disks);
    if (look) options.verify = [&](std::span<std::byte> pool) { look(++event, pool); };
    return sim::machine::run_hosted(bundle, 0, options);
}

std::string conservation_of(const std::string& scenario, std::uint64_t stride,
                            sim::engine::CellResult& result, std::uint32_t cell) {
    std::string found;
    const Look look = [&](std::uint64_t event, std::span<std::byte> pool) {
        if (!found.empty() || event % stride != 0) return;
        found = sim::checkers::verify_conservation(pool);
        if (!found.empty()) found = "after event " + std::to_string(event) + ": " + found;
    };
    result = run(scenario, look, cell);
    return found;
}

}  // namespace tests::adversary

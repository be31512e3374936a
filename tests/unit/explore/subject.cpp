#include "tests/unit/explore/subject.hpp"

#include <gtest/gtest.h>

#include "scenarios/programs/programs.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/models/disk_profiles.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/catalogue.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace tests::explore {

Cell cell_of(const std::string& scenario, std::uint32_t number,
             const std::vector<std::string>& settings) {
    auto catalogue = sim::testbed::catalogue_of(scenarios::programs::program_declarations(),
                                                sim::models::cost_profiles(),
                                                sim::models::disk_profiles());
    catalogue.policies = {"clock"};
    sim::testbed::Problems problems;
    const auto read = sim::testbed::read_scenario(
        std::string{CHITIN_SOURCE} + "/scenarios/" + scenario, catalogue, {settings, {}, {}},
        problems);
    Cell cell;
    EXPECT_TRUE(read) << problems.text();
    if (!read) return cell;
    const std::uint32_t chosen[] = {number};
    cell.bundle = *sim::testbed::make_bundle(*read, chosen, {});
    cell.subject.bundle = cell.bundle;
    const sim::testbed::Machine machine = read->cells.at(number).machine;
    if (!machine.disks.empty()) {
        cell.subject.disks = [machine] {
            using sim::testbed::disks::Keeping;
            return sim::testbed::disks::hosted_disks(machine, Keeping::never);
        };
    }
    const auto report = learn_baseline(cell.subject, machine.slice_ns, machine.cores);
    EXPECT_EQ(report.text, "");
    return cell;
}

}  // namespace tests::explore

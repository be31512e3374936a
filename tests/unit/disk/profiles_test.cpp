// Disk profiles say what their drives' data sheets say.
#include <gtest/gtest.h>

#include <set>

#include "sim/models/disk_profiles.hpp"

namespace {

using kernel::abi::ServiceProfile;

constexpr double second_ns = 1e9;
constexpr double tolerance = 0.03;  // figures are rounded

void expect_rate(double operation_ns, double each_second, const char* what) {
    EXPECT_NEAR(operation_ns * each_second / second_ns, 1, tolerance) << what;
}

struct Sheet {
    const char* name;
    double reads_alone, writes_alone;  // of one block, each second, one after another
    double reads_many, writes_many;    // as many at once as it likes
};

class Ssd : public testing::TestWithParam<Sheet> {};

TEST_P(Ssd, HasTheRatesOfItsSheet) {
    const Sheet& sheet = GetParam();
    const auto service = sim::models::disk_profile(sheet.name);
    ASSERT_TRUE(service);
    const double read = service->command + service->read_access + service->read_block;
    const double write = service->write_access + service->write_block;
    expect_rate(read, sheet.reads_alone, "reads, one at a time");
    expect_rate(service->command + service->cache_block, sheet.writes_alone,
                "writes, one at a time");
    expect_rate(read / service->channels, sheet.reads_many, "reads, many at once");
    expect_rate(write / service->channels, sheet.writes_many, "writes, many at once");
}

INSTANTIATE_TEST_SUITE_P(Profiles, Ssd,
                         testing::Values(Sheet{"sata_ssd", 10'000, 40'000, 98'000, 90'000},
                                         Sheet{"nvme", 19'000, 60'000, 600'000, 550'000}),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST(Profiles, TheHardDiskTurnsAsFastAsItReads) {
    const auto hdd = sim::models::disk_profile("hdd");
    ASSERT_TRUE(hdd);
    EXPECT_NEAR(1.0 * hdd->rotation / (1.0 * hdd->track_blocks * hdd->read_block), 1, tolerance);
    expect_rate(hdd->rotation, 7200.0 / 60, "revolutions");
}

TEST(Profiles, AreSaneAndHaveNamesOfTheirOwn) {
    std::set<std::string_view> names;
    for (const auto& profile : sim::models::disk_profiles()) {
        EXPECT_TRUE(kernel::abi::service_sane(profile.values)) << profile.name;
        EXPECT_FALSE(profile.source.empty());
        EXPECT_TRUE(names.insert(profile.name).second) << profile.name;
    }
    EXPECT_TRUE(names.contains("ideal"));
    EXPECT_FALSE(sim::models::disk_profile("tape"));
}

}  // namespace

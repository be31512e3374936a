// Every crash of small workloads; disks that lie are caught; damage shows.
#include <gtest/gtest.h>

#include "sim/testbed/power/campaign.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/power/workloads.hpp"

namespace tests::power {
namespace {

using namespace sim::testbed::power;

const Tally& of(const VolumeResult& volume, Kind kind) {
    return volume.tallies[static_cast<std::size_t>(kind)];
}

Tally sum(const CampaignResult& result) {
    Tally all;
    for (const VolumeResult& volume : result.volumes) {
        for (const Tally& tally : volume.tallies) all.add(tally);
    }
    return all;
}

// A fraction of the states; which of them differs by the seed.
PowerOptions options() {
    PowerOptions made;
    made.bounds.parts = static_cast<std::uint32_t>(fs_model::effort(4, 1));
    if (made.bounds.parts == 0) made.bounds.parts = 16;
    return made;
}

CampaignResult campaign(const std::string& text, const PowerOptions& options) {
    auto result = run_campaign(scenario(text), 0, options);
    EXPECT_TRUE(result) << result.error();
    return result ? std::move(*result) : CampaignResult{};
}

std::string words(const CampaignResult& result) {
    std::string all;
    for (const VolumeResult& volume : result.volumes) {
        for (const Breach& breach : volume.breaches) {
            all += volume.environment + ": state " + std::to_string(breach.state) + ", " +
                   breach.where + ": " + breach.what + "\n";
        }
    }
    return all;
}

class Power : public testing::TestWithParam<const char*> {
protected:
    [[nodiscard]] static std::string fs() { return "fs = " + quoted(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(FileSystems, Power, testing::Values("cofs", "log", "fat"),
                         [](const auto& info) { return std::string{info.param}; });

TEST_P(Power, NoCrashTakesWhatWasPersisted) {
    PowerOptions own = options();
    own.machine_every = 50;
    const CampaignResult result = campaign(persist_text(fs() + ", steps = 80"), own);
    ASSERT_EQ(result.volumes.size(), 1u);
    const VolumeResult& volume = result.volumes.front();
    EXPECT_EQ(sum(result).broken, 0u) << words(result);
    EXPECT_GT(of(volume, Kind::lost).states, 100u / own.bounds.parts) << "too few";
    EXPECT_GT(of(volume, Kind::torn).states, 20u / own.bounds.parts);
    EXPECT_GT(of(volume, Kind::machine).states, 0u) << "none was recovered on the machine";
    EXPECT_GT(volume.statements, 40u);
    if (GetParam() == std::string{"fat"}) {
        EXPECT_GT(of(volume, Kind::lost).repaired, 0u) << "FAT needs repair after crashes";
    } else {
        EXPECT_EQ(of(volume, Kind::lost).repaired + of(volume, Kind::machine).repaired, 0u);
        EXPECT_EQ(of(volume, Kind::lost).files_pending, 0u);
    }
}

TEST_P(Power, ADiskThatIgnoresFlushesIsCaught) {
    PowerOptions own;
    own.ignore_flushes = true;
    own.machine_every = 0;
    own.bounds.random_subsets = 4;
    own.bounds.parts = 8;
    EXPECT_GT(sum(campaign(persist_text(fs() + ", steps = 40"), own)).broken, 0u);
}

TEST_P(Power, PartsAreTheWhole) {
    PowerOptions own;
    own.machine_every = 0;
    own.bounds.random_subsets = 2;
    own.bounds.torn = 2;
    own.bounds.subset_writes_max = 2;
    const std::string text = persist_text(fs() + ", steps = 16");
    const Tally whole = sum(campaign(text, own));
    CampaignResult parts;
    own.bounds.parts = 3;
    for (own.bounds.part = 0; own.bounds.part < own.bounds.parts; ++own.bounds.part) {
        auto part = decode(encode(campaign(text, own)));
        ASSERT_TRUE(part) << part.error();
        parts.add(*part);
    }
    EXPECT_EQ(sum(parts).states, whole.states);
    EXPECT_EQ(sum(parts).clean, whole.clean);
    EXPECT_EQ(sum(parts).noticed, whole.noticed);
    EXPECT_EQ(sum(parts).files_unreadable, whole.files_unreadable);
}

TEST(PowerDamage, CofsAnswersWithErrorsAndNeverWrongly) {
    PowerOptions own = options();
    own.bounds.torn = own.bounds.random_subsets = own.bounds.subset_writes_max = 0;
    own.machine_every = 0;
    own.damages = 8;
    const CampaignResult result = campaign(persist_text("fs = \"cofs\", steps = 60"), own);
    EXPECT_EQ(sum(result).broken, 0u) << words(result);
    EXPECT_EQ(sum(result).silent, 0u) << words(result);
    for (const Kind kind : {Kind::rot, Kind::latent, Kind::misdirected}) {
        const Tally& tally = of(result.volumes.front(), kind);
        EXPECT_GT(tally.states, 10u / own.bounds.parts);
        EXPECT_GT(tally.noticed, 0u) << kind_names[static_cast<std::size_t>(kind)];
    }
}

TEST(PowerDamage, LogsCheckNamesWhatRots) {
    PowerOptions own = options();
    own.bounds.torn = own.bounds.random_subsets = own.bounds.subset_writes_max = 0;
    own.machine_every = 0;
    const CampaignResult result = campaign(persist_text("fs = \"log\", steps = 60"), own);
    EXPECT_EQ(of(result.volumes.front(), Kind::rot).silent, 0u) << words(result);
}

TEST(PowerShared, ThreeOnADiskAreJudgedEach) {
    std::string text = "[machine]\nmemory = \"24 MiB\"\n[[disk]]\nsize = \"20 MiB\"\n";
    for (const std::string fs : {"cofs", "log", "fat"}) {
        text += "[[environments]]\nname = " + quoted(fs) +
                "\nprogram = \"persist\"\nargs = { disk_blocks = 1536, steps = 20, fs = " +
                quoted(fs) + " }\n";
    }
    PowerOptions own = options();
    own.machine_every = 64;
    own.bounds.parts *= 4;
    const CampaignResult result = campaign(text, own);
    ASSERT_EQ(result.volumes.size(), 3u);
    EXPECT_EQ(sum(result).broken, 0u) << words(result);
    for (const VolumeResult& volume : result.volumes) {
        EXPECT_GT(of(volume, Kind::lost).states, 0u) << volume.environment;
    }
}

// Which files' changes FAT lost in part, by name.
TEST(PowerReplay, OneStateSaysWhatWasLost) {
    PowerOptions own;
    own.machine_every = own.damages = 0;
    own.bounds.torn = own.bounds.random_subsets = own.bounds.subset_writes_max = 0;
    const std::string text = persist_text("fs = \"fat\", steps = 60");
    const VolumeResult all = campaign(text, own).volumes.at(0);
    ASSERT_GT(of(all, Kind::lost).files_pending, 0u);
    std::string listed;
    const auto states = static_cast<std::int64_t>(of(all, Kind::lost).states);
    for (std::int64_t state = states / 2; state < states && listed.empty(); ++state) {
        own.bounds.only_state = state;
        const VolumeResult one = campaign(text, own).volumes.at(0);
        EXPECT_LE(of(one, Kind::lost).states, 1u);
        if (!one.breaches.empty()) listed = one.breaches.front().what;
    }
    EXPECT_NE(listed.find("lost in part: d"), std::string::npos) << listed;
}

TEST(PowerErrors, SayWhatIsMissing) {
    const auto error = [](const std::string& text) {
        const auto result = run_campaign(scenario(text), 0, {});
        return result ? std::string{"none"} : result.error();
    };
    EXPECT_EQ(error("[[environments]]\nprogram = \"hello\"\n"), "it has no [[disk]] to crash");
    EXPECT_NE(error("[[disk]]\nsize = \"1 MiB\"\n[[environments]]\nprogram = \"hello\"\n")
                  .find("no environment said where its volume lies"),
              std::string::npos);
    EXPECT_NE(error(persist_text("files = 256, bytes = 1000000")).find("the workload itself fails"),
              std::string::npos);
}

}  // namespace
}  // namespace tests::power

// Machines that are killed with SIGKILL while they work on a disk that is kept in a file; and what
// must be there afterwards.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "sim/host/child/child.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/testbed/power/volume_judge.hpp"
#include "tests/unit/power/workloads.hpp"

namespace tests::kill {

using namespace sim::testbed::power;

inline constexpr std::uint64_t disk_blocks = 1792;

struct Kills {
    int all = 0;
    int midway = 0;        // promises had been made
    std::uint64_t promises = 0;
};

class KillTest : public testing::TestWithParam<const char*> {
protected:
    // CHITIN_KILLS of each machine and file system, or two.
    static int kills() {
        const char* const given = std::getenv("CHITIN_KILLS");
        return given == nullptr ? 2 : std::atoi(given);
    }

    void SetUp() override {
        ASSERT_TRUE(folder_.valid());
        image_ = folder_.file("disk");
    }
    void blank() const {
        std::ofstream{image_, std::ios::binary | std::ios::trunc}
            << std::string(disk_blocks * block_bytes, '\0');
    }

    // A workload that does not end by itself, on the file.
    [[nodiscard]] sim::testbed::Scenario workload(int seed, const std::string& device) const {
        return power::scenario(power::persist_text(
            "fs = " + power::quoted(GetParam()) + ", steps = 1000000000, seed = " +
                std::to_string(seed),
            "image = " + power::quoted(image_) + "\nkeep = true\ndevice = " +
                power::quoted(device)));
    }

    // What the lines of the killed machine promise must be in the file.
    void judge(const std::vector<std::string>& lines, Kills& kills) {
        ++kills.all;
        std::optional<VolumeLine> place;
        Ledger ledger;
        std::uint64_t promises = 0;
        for (const std::string& line : lines) {
            if (const auto volume = read_volume(line)) place = volume;
            const auto statement = read_statement(line);
            if (!statement) continue;
            ledger.take(*statement);
            promises += statement->persisted ? 1 : 0;
        }
        if (!place) return;  // killed before there was a file system
        kills.midway += promises > 1 ? 1 : 0;
        kills.promises += promises;
        std::ifstream file{image_, std::ios::binary};
        std::vector<std::byte> bytes(disk_blocks * block_bytes);
        file.read(reinterpret_cast<char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
        ASSERT_EQ(file.gcount(), static_cast<std::streamsize>(bytes.size()));
        sim::testbed::crash::CrashDevice disk{std::move(bytes), block_bytes};
        const auto judge = VolumeJudge::create(place->format, place->blocks);
        ASSERT_NE(judge, nullptr);
        const Verdict verdict =
            judge->crashed(PartDevice{disk, place->first, place->blocks}, ledger);
        EXPECT_TRUE(verdict.mounted) << verdict.problem;
        EXPECT_EQ(verdict.problem, "");
        EXPECT_EQ(verdict.losses.wrong + verdict.losses.older + verdict.losses.unreadable, 0u)
            << verdict.losses.first << ", after " << promises << " promises";
    }

    static void say(const char* machine, const Kills& kills) {
        std::printf("%s, %s: %d kills, %d of them after promises, %llu promises, all kept\n",
                    GetParam(), machine, kills.all, kills.midway,
                    static_cast<unsigned long long>(kills.promises));
        if (kills.all < 8) return;  // too few to say
        EXPECT_GT(kills.midway, kills.all / 4) << "hardly any was killed while it worked";
    }

    sim::host::file::TemporaryFolder folder_;
    std::string image_;
    std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace tests::kill

// Random calls beside the model: whole, full, failing.
#include "tests/unit/fs_fat/player.hpp"
#include "tests/unit/fs_model/effort.hpp"

namespace tests::fs_fat {
namespace {

struct Case {
    std::uint64_t bytes;
    std::uint32_t type;
    std::uint32_t cluster_bytes;
    std::uint32_t block_size = 512;
    std::uint32_t sector_bytes = 512;
};

// The smallest volumes of each type, soon full; and larger blocks than sectors, and the reverse.
const std::vector<Case> cases{
    {.bytes = 300'544, .type = 12, .cluster_bytes = 512},
    {.bytes = 1 << 20, .type = 12, .cluster_bytes = 2048, .block_size = 4096},
    {.bytes = 3 << 20, .type = 16, .cluster_bytes = 512},
    {.bytes = 34 << 20, .type = 32, .cluster_bytes = 512},
    {.bytes = 8 << 20, .type = 12, .cluster_bytes = 4096, .block_size = 512, .sector_bytes = 4096},
};

MemoryDevice formatted(const Case& one) {
    MemoryDevice device{one.bytes / one.block_size, one.block_size};
    // What was there before must never show.
    std::ranges::fill(device.bytes(), std::byte{0xa5});
    format_volume(device, {.type = one.type, .cluster_bytes = one.cluster_bytes,
                           .sector_bytes = one.sector_bytes, .serial = 7, .label = "test"});
    return device;
}

class FatModel : public testing::TestWithParam<std::size_t> {};

TEST_P(FatModel, RandomCallsAgree) {
    const Case& one = cases[GetParam()];
    MemoryDevice device = formatted(one);
    Player player{device, 1000 + GetParam()};
    const auto steps = std::max<std::uint64_t>(20'000, fs_model::effort(20'000, 200'000));
    for (std::uint64_t step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
        ASSERT_TRUE(player.step()) << "step " << step;
        if (step % 2000 == 1999) player.remount();
        if (testing::Test::HasFailure()) FAIL() << "at step " << step;
    }
    if (one.bytes < 1 << 20) { EXPECT_GT(player.refusals(), 10u) << "it was never full"; }
    player.unmount();
}

TEST_P(FatModel, AFailingDeviceLeavesWhatCanBeRepaired) {
    MemoryDevice device = formatted(cases[GetParam()]);
    std::mt19937_64 random{GetParam()};
    Player player{device, 2000 + GetParam()};
    for (int round = 0; round < 40 && !testing::Test::HasFailure(); ++round) {
        for (int step = 0; step < 20; ++step) ASSERT_TRUE(player.step());
        if (random() % 2 == 0) device.fail_write_after(random() % 40);
        else device.fail_read_after(random() % 60);
        for (int step = 0; step < 200; ++step) {
            if (!player.step()) break;
        }
        device.fail_write_after(MemoryDevice::never);
        device.fail_read_after(MemoryDevice::never);
        player.recover();
        player.compare();
    }
}

INSTANTIATE_TEST_SUITE_P(Volumes, FatModel, testing::Range<std::size_t>(0, cases.size()));

// The same whatever is chosen: each policy of each family, in a cache too small for the volume.
TEST(FatChoices, RandomCallsAgreeUnderEveryPolicy) {
    const auto play = [](const PlayerChoices& choices, std::string_view name) {
        MemoryDevice device = formatted(cases[1]);
        Player player{device, 77, 32, choices};
        for (int step = 0; step < 3000; ++step) {
            ASSERT_TRUE(player.step()) << name << ", step " << step;
            if (step % 1000 == 999) player.remount();
            ASSERT_FALSE(testing::Test::HasFailure()) << name << ", step " << step;
        }
        player.unmount();
    };
    using libos::policy::AnyReplacement;
    for (choice::Index i = 0; i < AnyReplacement::names().size(); ++i) {
        play({.cache = {.replacement = i}}, AnyReplacement::names()[i]);
    }
    for (choice::Index i = 0; i < choice::WriteBacks::size; ++i) {
        play({.cache = {.write_back = i}}, choice::WriteBacks::texts[i].name);
    }
    for (choice::Index i = 0; i < choice::ReadAheads::size; ++i) {
        play({.cache = {.read_ahead = i}}, choice::ReadAheads::texts[i].name);
    }
    for (choice::Index i = 0; i < choice::Allocations::size; ++i) {
        play({.allocation = i}, choice::Allocations::texts[i].name);
    }
}

}  // namespace
}  // namespace tests::fs_fat

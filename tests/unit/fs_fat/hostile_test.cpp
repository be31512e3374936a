// Damaged volumes: whatever a bit says, calls end, memory holds, and a repair repairs.
#include <random>

#include "tests/unit/fs_fat/player.hpp"

namespace tests::fs_fat {
namespace {

struct Kind {
    std::uint32_t type;
    std::uint64_t bytes;
};
void PrintTo(const Kind& kind, std::ostream* stream) { *stream << "FAT" << kind.type; }

// FAT32 is never this small where it is made, yet read it must be: copies of it cost less.
MemoryDevice cut_short(MemoryDevice device, std::uint64_t bytes) {
    namespace fat = libos::fs::fat;
    const auto sectors = static_cast<std::uint32_t>(bytes / 512);
    fat::store(device.bytes(), fat::boot::sectors32, sectors);
    device.bytes().resize(bytes);
    EXPECT_EQ(check_volume(device, true).result->findings, 1u) << "the count of free clusters";
    return device;
}

MemoryDevice populated(const Kind& kind) {
    MemoryDevice device{kind.type == 32 ? 34 << 11 : kind.bytes / 512, 512};
    format_volume(device, {.type = kind.type, .label = "VICTIM"});
    if (kind.type == 32) device = cut_short(device, kind.bytes);
    Player player{device, kind.type};
    for (int step = 0; step < 600; ++step) EXPECT_TRUE(player.step());
    player.unmount();
    return device;
}

TEST(Hostile, FindingsAreCountedWithoutAReport) {
    MemoryDevice device = populated({16, 8 << 20});
    // An entry of the first table, which is behind the reserved sectors.
    const auto reserved = static_cast<std::size_t>(device.bytes()[14]);
    device.bytes()[512 * reserved + 100] ^= std::byte{0xff};
    const Checked told = check_volume(device, false);
    const Checked counted = check_volume(device, false, false);
    ASSERT_TRUE(told.result && counted.result);
    EXPECT_GT(told.result->findings, 0u);
    EXPECT_EQ(counted.result->findings, told.result->findings);
    EXPECT_EQ(counted.findings, "");
}

// Everything that can be reached, as long as it is not too much: a damaged tree may have no end.
void walk(Fat& fat) {
    std::vector<Inode> waiting{fat.root()};
    std::vector<std::byte> bytes(3000);
    int visited = 0;
    while (!waiting.empty() && visited < 400) {
        const Inode directory = waiting.back();
        waiting.pop_back();
        for (std::uint64_t position = 0; visited < 400; ++visited) {
            const auto entry = fat.entry(directory, position);
            if (!entry) break;
            ASSERT_GT(entry->next, position);
            position = entry->next;
            ASSERT_FALSE(entry->name.empty());
            ASSERT_EQ(entry->name.find('/'), std::string_view::npos);
            (void)fat.attributes(entry->inode);
            (void)fat.read(entry->inode, 1000, bytes);
            if (entry->kind == libos::fs::Kind::directory) waiting.push_back(entry->inode);
        }
    }
}

void disturb(Fat& fat, std::mt19937_64& random) {
    std::vector<std::pair<Inode, std::string>> seen;
    for (std::uint64_t position = 0; seen.size() < 50;) {
        const auto entry = fat.entry(fat.root(), position);
        if (!entry) break;
        seen.emplace_back(entry->inode, entry->name);
        position = entry->next;
    }
    const Inode root = fat.root();
    for (const auto& [inode, name] : seen) {
        const bool held = fat.open(inode).has_value();
        (void)fat.write(inode, random() % 100'000, bytes_of(name));
        (void)fat.truncate(inode, random() % 50'000);
        (void)fat.rename(root, name, root, "moved " + name, true);
        (void)fat.create(inode, "inside", {});
        (void)fat.make_directory(inode, "below", {});
        (void)fat.rename(root, "moved " + name, inode, "below itself", false);
        if (random() % 2 == 0) (void)fat.unlink(root, "moved " + name);
        else (void)fat.remove_directory(root, "moved " + name);
        if (held) (void)fat.close(inode);
    }
    (void)fat.sync();
}

void expect_repaired(MemoryDevice& device) {
    std::string last;
    for (int round = 0; round < 4; ++round) {
        const Checked repaired = check_volume(device, true);
        if (!repaired.result) {
            EXPECT_EQ(repaired.result.error(), Error::corrupt);
            return;
        }
        last = repaired.findings;
        if (last.empty()) return;
    }
    ADD_FAILURE() << "still found after the fourth repair:\n" << last;
}

class Hostile : public testing::TestWithParam<Kind> {};

TEST_P(Hostile, FlippedBitsNeitherHangNorCrash) {
    const MemoryDevice whole = populated(GetParam());
    constexpr std::uint64_t seeds = 150;
    const std::uint64_t front_bytes =
        libos::fs::fat::Geometry::read(whole.bytes(), whole.bytes().size())->data_start + 100'000;
    int mounted_count = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        MemoryDevice device = whole;
        std::mt19937_64 random{seed};
        // Mostly where the tables and the directories are: at the front.
        const std::uint64_t flips = 1 + random() % 200;
        for (std::uint64_t i = 0; i < flips; ++i) {
            const std::uint64_t front = random() % 4 == 0 ? device.bytes().size() : front_bytes;
            const std::uint64_t spared = random() % 50 == 0 ? 0 : 512;
            const std::uint64_t at = spared + random() % (front - spared);
            device.bytes()[at] ^= std::byte{1} << random() % 8;
        }
        const MemoryDevice damaged = device;
        {
            Mounted mounted{device, 16, {.inodes = 64}};
            if (mounted.fat.mount()) {
                ++mounted_count;
                walk(mounted.fat);
                disturb(mounted.fat, random);
                (void)mounted.fat.unmount();
            }
        }
        (void)check_volume(device, false);
        expect_repaired(device);
        device = damaged;
        expect_repaired(device);
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(mounted_count, 100);
}

// A boot sector of noise, a bit flipped in every place of a good one: mounted or refused.
TEST_P(Hostile, EveryBitOfTheBootSectorMayBeWrong) {
    const MemoryDevice whole = populated(GetParam());
    int refused = 0;
    for (std::size_t bit = 0; bit < 512 * 8; ++bit) {
        if (bit / 8 >= 90 && bit / 8 < 510) continue;
        MemoryDevice device = whole;
        device.bytes()[bit / 8] ^= std::byte{1} << bit % 8;
        Mounted mounted{device, 16, {.inodes = 64}};
        const auto done = mounted.fat.mount();
        if (!done) {
            EXPECT_EQ(done.error(), Error::corrupt);
            ++refused;
            continue;
        }
        walk(mounted.fat);
        (void)mounted.fat.create(mounted.fat.root(), "new", {});
        (void)mounted.fat.unmount();
    }
    EXPECT_GT(refused, 50);
}

// A root directory whose chain is a loop, on FAT32: it ends where directories must.
TEST(HostileChain, ADirectoryWithALoopEnds) {
    MemoryDevice device = populated({32, 3 << 20});
    Mounted mounted{device, 16};
    ASSERT_TRUE(mounted.fat.mount());
    const Inode root = mounted.fat.root();
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(mounted.fat.create(root, "some file " + std::to_string(i), {}));
    }
    ASSERT_TRUE(mounted.fat.unmount());
    libos::fs::fat::Geometry geometry =
        *libos::fs::fat::Geometry::read(device.bytes(), device.bytes().size());
    std::byte* const entry = device.bytes().data() + geometry.fat_start + 4 * 2;
    const std::uint32_t itself = geometry.root_cluster;
    ASSERT_EQ(itself, 2u);
    std::memcpy(entry, &itself, 4);

    Mounted again{device, 16};
    ASSERT_TRUE(again.fat.mount());
    std::uint64_t position = 0;
    std::uint64_t entries = 0;
    for (;; ++entries) {
        const auto next = again.fat.entry(root, position);
        if (!next) {
            EXPECT_EQ(next.error(), Error::corrupt);
            break;
        }
        position = next->next;
    }
    EXPECT_LE(entries, 65536u);
    EXPECT_EQ(again.fat.lookup(root, "no such file").error(), Error::corrupt);
    EXPECT_EQ(again.fat.attributes(root).error(), Error::corrupt);
    expect_repaired(device);
}

INSTANTIATE_TEST_SUITE_P(Types, Hostile,
                         testing::Values(Kind{12, 1 << 20}, Kind{16, 3 << 20},
                                         Kind{32, 3 << 20}),
                         [](const auto& info) { return "fat" + std::to_string(info.param.type); });

}  // namespace
}  // namespace tests::fs_fat

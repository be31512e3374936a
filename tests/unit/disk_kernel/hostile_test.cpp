// Disks that are not what they should be: damaged tables, an enemy's tables, devices that fail.
#include <gtest/gtest.h>

#include <random>

#include "kernel/disk/extent_table.hpp"
#include "tests/unit/disk_kernel/disk_cell.hpp"

namespace tests::disk_kernel {
namespace {

namespace abi = kernel::abi;
using kernel::abi::ExtentTable;
using sim::machine::disk::block_bytes;
using sim::machine::disk::DiskImage;

constexpr std::uint64_t blocks = 2200;
constexpr std::uint64_t own_blocks = abi::disk_first_block;
const std::string work = "fs=cofs\ndisk_blocks=1024\nfiles=3\n";

using Block = std::vector<std::byte>;

Block block_of(DiskImage& image, std::uint64_t number) {
    Block bytes(block_bytes);
    EXPECT_TRUE(image.read(number, sim::machine::disk::BlockView{bytes.data(), block_bytes}));
    return bytes;
}
void put_block(DiskImage& image, std::uint64_t number, const Block& bytes) {
    const sim::machine::disk::ConstBlockView view{bytes.data(), block_bytes};
    EXPECT_TRUE(image.write(number, view));
}

CellOptions phase(const std::string& which) {
    return under_init({{"a", "files", work + "phase=" + which + "\n"}});
}

// A disk with an extent table and a file system with files.
class UsedDisk : public testing::Test {
protected:
    UsedDisk() {
        expect_well(run(phase("write"), image, false));
        for (std::uint64_t i = 0; i < own_blocks; ++i) whole.push_back(block_of(*image, i));
    }
    void restore() {
        for (std::uint64_t i = 0; i < own_blocks; ++i) put_block(*image, i, whole[i]);
    }
    // The files are all there.
    bool found() {
        const CellRun done = run(phase("read"), image, false);
        EXPECT_EQ(done.result.error, "");
        EXPECT_EQ(done.broken, "");
        EXPECT_EQ(done.result.outcome.frames_lost, 0u);
        return done.result.outcome.exit_code == 0;
    }
    void spoil(std::uint64_t block, std::size_t byte) {
        Block bytes = block_of(*image, block);
        bytes[byte] ^= std::byte{0x10};
        put_block(*image, block, bytes);
    }
    void put_table(std::uint32_t copy, const ExtentTable& table) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&table);
        for (std::uint32_t i = 0; i < abi::extent_table_pages; ++i) {
            put_block(*image, kernel::disk::copy_block(copy) + i,
                      Block(bytes + i * block_bytes, bytes + (i + 1) * block_bytes));
        }
    }
    std::unique_ptr<ExtentTable> table(std::uint32_t copy) {
        auto made = std::make_unique<ExtentTable>();
        auto* bytes = reinterpret_cast<std::byte*>(made.get());
        for (std::uint32_t i = 0; i < abi::extent_table_pages; ++i) {
            const Block one = block_of(*image, kernel::disk::copy_block(copy) + i);
            std::memcpy(bytes + i * block_bytes, one.data(), block_bytes);
        }
        return made;
    }

    Image image = blank(blocks);
    std::vector<Block> whole;
};

TEST_F(UsedDisk, BothCopiesAreWritten) {
    EXPECT_TRUE(kernel::disk::sound(*table(0), blocks));
    EXPECT_TRUE(kernel::disk::sound(*table(1), blocks));
    EXPECT_EQ(table(0)->sequence, table(1)->sequence);
}

TEST_F(UsedDisk, OneDamagedCopyIsNoLoss) {
    for (const std::uint64_t first : {0u, 8u}) {
        for (std::size_t byte = 0; byte < 4 * block_bytes; byte += byte < 128 ? 3 : 977) {
            spoil(first + byte / block_bytes, byte % block_bytes);
            EXPECT_TRUE(found()) << "byte " << byte << " of the copy at block " << first;
            restore();
        }
    }
}

TEST_F(UsedDisk, TwoDamagedCopiesAreRefused) {
    for (std::size_t byte = 0; byte < 4 * block_bytes; byte += byte < 128 ? 7 : 1999) {
        spoil(byte / block_bytes, byte % block_bytes);
        spoil(8 + byte / block_bytes, (byte + 1) % block_bytes);
        EXPECT_FALSE(found()) << "byte " << byte;
        restore();
    }
    EXPECT_TRUE(found());
}

TEST_F(UsedDisk, ADamagedDiskIsLeftAsItIs) {
    spoil(0, 100);
    spoil(8, 100);
    const Block before = block_of(*image, 0);
    EXPECT_FALSE(found());
    EXPECT_EQ(block_of(*image, 0), before);
}

// The power fails between the two copies, or in the middle of one.
TEST_F(UsedDisk, AnUpdateThatBrokeOffLosesNothingOlder) {
    for (std::uint32_t torn = 0; torn <= abi::extent_table_pages; ++torn) {
        for (const std::uint32_t copy : {0u, 1u}) {
            auto next = table(copy);
            next->sequence++;
            ASSERT_TRUE(kernel::disk::insert(*next, abi::any_block, 5, {77, 77}).has_value());
            kernel::disk::seal(*next);
            const auto* bytes = reinterpret_cast<const std::byte*>(next.get());
            for (std::uint32_t i = 0; i < torn; ++i) {
                put_block(*image, kernel::disk::copy_block(copy) + i,
                          Block(bytes + i * block_bytes, bytes + (i + 1) * block_bytes));
            }
            EXPECT_TRUE(found()) << torn << " blocks of copy " << copy;
            restore();
        }
    }
}

// With a checksum that is right.
TEST_F(UsedDisk, AnEnemysTableIsRefused) {
    std::mt19937 random{3};
    for (unsigned round = 0; round < 60; ++round) {
        auto evil = table(0);
        auto* words = reinterpret_cast<std::uint32_t*>(evil.get());
        for (unsigned i = 0; i < 3; ++i) {
            const auto value = random() % 2 == 0 ? random() : random() % 64;
            words[6 + random() % 60] = static_cast<std::uint32_t>(value);
        }
        evil->blocks = blocks;
        kernel::disk::seal(*evil);
        put_table(0, *evil);
        put_table(1, *evil);
        const bool sound = kernel::disk::sound(*evil, blocks);
        const bool there = found();
        EXPECT_TRUE(sound || !there) << "round " << round;
        restore();
    }
}

TEST_F(UsedDisk, SomethingElseOnTheDiskIsOneExtent) {
    const Image other = blank(512);
    put_block(*other, 3, Block(block_bytes, std::byte{7}));
    const auto done = run(under_init({{"a", "files", work}}), other, false);
    EXPECT_NE(done.result.outcome.exit_code, 0u) << "its extents cannot be allocated";
    const std::string raw = "fs=fat\ndisk_blocks=1\nfiles=20\n";
    expect_well(run(under_init({{"raw", "files", raw}}), other, false));
    const Image tiny = blank(20);
    EXPECT_NE(run(under_init({{"a", "files", work}}), tiny, false).result.outcome.exit_code, 0u);
}

// ---- devices

// Works a while, then does not, then does again.
class FailingImage : public DiskImage {
public:
    FailingImage(std::uint64_t from, std::uint64_t to) : from_{from}, to_{to} {}
    std::uint64_t blocks() const override { return image_.blocks(); }
    bool read(std::uint64_t block, sim::machine::disk::BlockView into) override {
        return works() && image_.read(block, into);
    }
    bool write(std::uint64_t block, sim::machine::disk::ConstBlockView from) override {
        return works() && image_.write(block, from);
    }
    bool flush() override { return works(); }
    std::uint64_t calls() const { return calls_; }

private:
    bool works() { return calls_++ < from_ || calls_ > to_; }

    sim::machine::disk::OverlayImage image_{2200};
    std::uint64_t from_, to_;
    std::uint64_t calls_ = 0;
};

TEST(DiskDevices, OneThatFailsEndsInAnErrorAndNothingElse) {
    const auto whole = std::make_shared<FailingImage>(~0ull, ~0ull);
    expect_well(run(phase("all"), whole, false));
    ASSERT_GT(whole->calls(), 50u);
    for (std::uint64_t from = 0; from < whole->calls(); from += 1 + from / 9) {
        for (const std::uint64_t span : {std::uint64_t{1}, ~std::uint64_t{0} - from}) {
            const auto failing = std::make_shared<FailingImage>(from, from + span);
            const CellRun done = run(phase("all"), failing, false);
            EXPECT_EQ(done.result.outcome.frames_lost, 0u) << from;
            EXPECT_NE(done.result.outcome.reason, abi::EndReason::ran_away) << from;
        }
    }
}

}  // namespace
}  // namespace tests::disk_kernel

// Commits with one flush: what crashes and damage in or behind the flush leave.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "libos/fs/checksum.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "tests/unit/fs_model/memory_device.hpp"

namespace tests::fs_cofs {
namespace {

using namespace libos::fs::cofs;
using fs_model::MemoryDevice;
using libos::fs::Error;
using libos::fs::Inode;

constexpr std::uint32_t device_blocks = 2048;
using Block = std::vector<std::byte>;

// Counts flushes; knows what lay in each block before the writes since the last flush, or since
// the one before it.
class NotingDevice : public MemoryDevice {
public:
    NotingDevice() : MemoryDevice{block_bytes, device_blocks} {}

    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        for (std::uint64_t i = 0; i < from.size() / block_bytes; ++i) {
            before_.try_emplace(static_cast<BlockNumber>(first + i), copy(first + i));
        }
        return MemoryDevice::write(first, from);
    }
    libos::fs::Result<void> flush() {
        ++flushes;
        flushed_ = std::exchange(before_, {});
        return MemoryDevice::flush();
    }

    Block copy(std::uint64_t block) {
        const auto at = bytes().begin() + static_cast<std::ptrdiff_t>(block * block_bytes);
        return {at, at + block_bytes};
    }
    void put(std::uint64_t block, const Block& content) {
        std::ranges::copy(content,
                          bytes().begin() + static_cast<std::ptrdiff_t>(block * block_bytes));
    }
    // What was written since the last flush never arrived.
    void lose_unflushed() {
        for (const auto& [block, content] : before_) put(block, content);
        before_.clear();
    }
    // The blocks whose writes the last flush made durable, with what lay there before.
    [[nodiscard]] const std::map<BlockNumber, Block>& flushed() const { return flushed_; }

    int flushes = 0;

private:
    std::map<BlockNumber, Block> before_;
    std::map<BlockNumber, Block> flushed_;
};

class CofsCommit : public testing::Test {
protected:
    CofsCommit() : memory_(Cofs::check_memory_needed(device_blocks, 1024)) {
        EXPECT_TRUE(Cofs::format(device_, memory_));
        mount(Commit::one_flush);
        file_ = *fs_->create(fs_->root(), "file", {});
        EXPECT_TRUE(fs_->write(file_, 0, Block(block_bytes, std::byte{1})));
        EXPECT_TRUE(fs_->sync());
    }
    void mount(Commit commit) {
        fs_.emplace(device_, memory_, MountOptions{.commit = commit});
        ASSERT_TRUE(fs_->mount());
    }
    // One commit, of `blocks` whole blocks.
    void commit(std::byte content, std::uint32_t blocks = 1) {
        ASSERT_TRUE(fs_->write(file_, 0, Block(std::size_t{blocks} * block_bytes, content)));
        ASSERT_TRUE(fs_->fsync(file_, false));
    }
    // The first byte of the file; nothing: it cannot be read.
    std::optional<std::byte> first() {
        Block read(1);
        if (!fs_->read(file_, 0, read)) return {};
        return read[0];
    }
    // Blocks below the superblocks that the last flush made durable.
    std::vector<BlockNumber> content_written() const {
        std::vector<BlockNumber> all;
        const auto places = superblock_places(device_blocks);
        for (const auto& [block, before] : device_.flushed()) {
            if (std::ranges::find(places, block) == places.end()) all.push_back(block);
        }
        return all;
    }

    // The newest superblock lists so many blocks, of which `block` is the first.
    void forge(std::uint32_t listed, BlockNumber block) {
        BlockNumber newest = 0;
        for (const BlockNumber at : superblock_places(device_blocks)) {
            const auto sequence = load<Superblock>(device_.copy(at)).sequence;
            if (sequence > load<Superblock>(device_.copy(newest)).sequence) newest = at;
        }
        Block bytes = device_.copy(newest);
        auto superblock = load<Superblock>(bytes);
        store(bytes, list_offset, Written{block, 0});
        superblock.listed = listed;
        superblock.list_checksum = libos::fs::checksum(std::span{bytes}.subspan(
            list_offset, std::min(listed, listed_max) * sizeof(Written)));
        superblock.checksum = 0;
        superblock.checksum = libos::fs::checksum(std::as_bytes(std::span{&superblock, 1}));
        store(bytes, 0, superblock);
        device_.put(newest, bytes);
    }

    NotingDevice device_;
    std::vector<std::byte> memory_;
    std::optional<Cofs> fs_;
    Inode file_{};
};

TEST_F(CofsCommit, OneFlushIsOne) {
    const int before = device_.flushes;
    commit(std::byte{2});
    EXPECT_EQ(device_.flushes - before, 1);
    mount(Commit::two_flushes);
    const int again = device_.flushes;
    commit(std::byte{3});
    EXPECT_EQ(device_.flushes - again, 2);
}

TEST_F(CofsCommit, WhatTheListIsTooShortForIsFlushedBefore) {
    const int before = device_.flushes;
    commit(std::byte{2}, listed_max + 1);
    EXPECT_EQ(device_.flushes - before, 2);
    commit(std::byte{3}, 1);  // the list is empty again
    EXPECT_EQ(device_.flushes - before, 3);
    mount(Commit::one_flush);
    EXPECT_EQ(first(), std::byte{3});
}

// Each write of a commit in turn is lost, with whatever came after the flush.
TEST_F(CofsCommit, WithOneWriteLostItIsTheCommitBefore) {
    commit(std::byte{2});
    commit(std::byte{3});
    device_.lose_unflushed();
    const auto lost = device_.flushed();
    ASSERT_GE(lost.size(), 4u);  // data, a node, the map, a superblock
    const std::vector<std::byte> whole = device_.bytes();
    for (const auto& [block, before] : lost) {
        SCOPED_TRACE(block);
        device_.bytes() = whole;
        device_.put(block, before);
        mount(Commit::two_flushes);
        // What is not in doubt may lose the copy that says so.
        EXPECT_EQ(first(), block < device_blocks - 2 ? std::byte{2} : std::byte{3});
        CheckReport report;
        ASSERT_TRUE(Cofs::check(device_, memory_, report, false));
        EXPECT_EQ(report.problems, 0u);
    }
    device_.bytes() = whole;
    mount(Commit::two_flushes);
    EXPECT_EQ(first(), std::byte{3});
}

// The writes that a rejected commit lacks are made once more, with the same bytes.
TEST_F(CofsCommit, ARejectedCommitNeverComesBack) {
    commit(std::byte{2});
    commit(std::byte{3});
    device_.lose_unflushed();
    for (const BlockNumber block : content_written()) {
        SCOPED_TRACE(block);
        NotingDevice other = device_;
        const Block missing = other.copy(block);
        other.put(block, device_.flushed().at(block));
        fs_.emplace(other, memory_, MountOptions{.commit = Commit::one_flush});
        ASSERT_TRUE(fs_->mount());
        EXPECT_EQ(first(), std::byte{2});
        ASSERT_TRUE(fs_->create(fs_->root(), "other", {}));
        other.lose_unflushed();
        other.put(block, missing);
        fs_.emplace(other, memory_, MountOptions{.commit = Commit::one_flush});
        ASSERT_TRUE(fs_->mount());
        EXPECT_EQ(first(), std::byte{2});
    }
}

// Behind its flush a commit says that nothing is in doubt.
TEST_F(CofsCommit, WhatRotsLaterIsNoWriteThatWasLost) {
    commit(std::byte{2});
    commit(std::byte{3});
    bool seen = false;
    const std::vector<std::byte> whole = device_.bytes();
    for (const BlockNumber block : content_written()) {
        device_.bytes() = whole;
        if (device_.copy(block)[100] != std::byte{3}) continue;  // the data
        seen = true;
        device_.bytes()[std::size_t{block} * block_bytes + 100] = std::byte{4};
        mount(Commit::one_flush);
        EXPECT_EQ(first(), std::nullopt);
    }
    EXPECT_TRUE(seen);
}

// A list is an allegation: blocks outside the device, more entries than there is room for.
TEST_F(CofsCommit, AWrongListIsNotTrusted) {
    commit(std::byte{2});
    commit(std::byte{3});
    device_.lose_unflushed();
    const std::vector<std::byte> whole = device_.bytes();
    const struct {
        std::uint32_t listed;
        BlockNumber block;
    } wrong[] = {{listed_max + 1, 0}, {0xffff'ffff, 0}, {listed_max, device_blocks},
                 {1, device_blocks}, {1, 0xffff'ffff}, {1, 0}};
    for (const auto& one : wrong) {
        SCOPED_TRACE(one.listed);
        device_.bytes() = whole;
        forge(one.listed, one.block);
        mount(Commit::one_flush);
        EXPECT_EQ(first(), std::byte{2});
    }
}

}  // namespace
}  // namespace tests::fs_cofs

// What the layout is for: few transfers for a directory of small files; large directories and
// files; limits.
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/checksum.hpp"
#include "tests/unit/fs_model/memory_device.hpp"

namespace tests::fs_cofs {
namespace {

using fs_model::MemoryDevice;
using libos::fs::Error;
using libos::fs::Inode;
using libos::fs::cofs::Cofs;

struct Disk {
    explicit Disk(std::uint64_t mebibytes, std::uint32_t cached = 512)
        : device{4096, mebibytes * 256},
          memory(Cofs::check_memory_needed(device.blocks(), cached)) {
        EXPECT_TRUE(Cofs::format(device, memory));
        fs.emplace(device, memory);
        EXPECT_TRUE(fs->mount());
    }
    /// Nothing is cached any more.
    void remount() {
        EXPECT_TRUE(fs->unmount());
        EXPECT_TRUE(fs->mount());
    }
    void expect_clean() {
        static_cast<void>(fs->unmount());
        libos::fs::cofs::CheckReport report;
        EXPECT_TRUE(Cofs::check(device, memory, report, false));
        EXPECT_EQ(report.problems, 0u)
            << libos::fs::cofs::describe(report.findings[0].problem);
        // The check used the same memory.
        fs.emplace(device, memory);
        EXPECT_TRUE(fs->mount());
    }

    MemoryDevice device;
    std::vector<std::byte> memory;
    std::optional<Cofs> fs;
};

std::string numbered(const std::string& name, std::uint64_t i) {
    return name + std::to_string(i);
}

// Files of forty directories are made in turn: by order of making, a directory's files would lie
// in sixteen different places.
TEST(CofsLayout, SmallFilesOfADirectoryAreReadTogether) {
    constexpr std::uint64_t directories = 40;
    constexpr std::uint64_t files = 16;
    Disk disk{32};
    std::vector<Inode> inodes;
    for (std::uint64_t d = 0; d < directories; ++d) {
        inodes.push_back(*disk.fs->make_directory(disk.fs->root(), numbered("d", d), {}));
    }
    const std::vector<std::byte> data(4096, std::byte{1});
    for (std::uint64_t f = 0; f < files; ++f) {
        for (const Inode directory : inodes) {
            const Inode file = *disk.fs->create(directory, numbered("f", f), {});
            ASSERT_TRUE(disk.fs->write(file, 0, data));
        }
    }
    disk.remount();
    std::vector<std::byte> read(4096);
    const Inode directory = *disk.fs->lookup(disk.fs->root(), "d7");
    const std::uint64_t before = disk.device.reads();
    for (std::uint64_t f = 0; f < files; ++f) {
        const Inode file = *disk.fs->lookup(directory, numbered("f", f));
        ASSERT_EQ(disk.fs->read(file, 0, read), read.size());
        EXPECT_EQ(read, data);
    }
    // One or two groups of data, the leaves of names and of maps.
    EXPECT_LE(disk.device.reads() - before, files / 2);
}

TEST(CofsLayout, ListingWithAttributesReadsNamesOnly) {
    constexpr std::uint64_t files = 300;
    Disk disk{32};
    const Inode directory = *disk.fs->make_directory(disk.fs->root(), "d", {});
    for (std::uint64_t f = 0; f < files; ++f) {
        ASSERT_TRUE(disk.fs->create(directory, numbered("f", f), {}));
    }
    disk.remount();
    const std::uint64_t before = disk.device.reads();
    std::uint64_t seen = 0;
    for (std::uint64_t at = 0;; ++seen) {
        const auto entry = disk.fs->entry(directory, at);
        if (!entry) break;
        ASSERT_TRUE(disk.fs->attributes(entry->inode));
        at = entry->next;
    }
    EXPECT_EQ(seen, files);
    EXPECT_LE(disk.device.reads() - before, files / 10);
}

TEST(CofsLayout, LargeDirectoriesKeepEveryName) {
    constexpr std::uint64_t files = 20'000;
    Disk disk{64};
    for (std::uint64_t f = 0; f < files; ++f) {
        ASSERT_TRUE(disk.fs->create(disk.fs->root(), numbered("file", f), {}));
    }
    std::set<std::string> seen;
    std::uint64_t at = 0;
    // Names are removed and added while it is read: those that stay are seen once.
    for (std::uint64_t n = 0;; ++n) {
        const auto entry = disk.fs->entry(disk.fs->root(), at);
        if (!entry) break;
        EXPECT_TRUE(seen.emplace(entry->name).second) << entry->name;
        at = entry->next;
        if (n % 100 == 0) {
            ASSERT_TRUE(disk.fs->create(disk.fs->root(), numbered("more", n), {}));
        }
    }
    for (std::uint64_t f = 0; f < files; ++f) {
        EXPECT_TRUE(seen.contains(numbered("file", f)));
        ASSERT_TRUE(disk.fs->unlink(disk.fs->root(), numbered("file", f)));
    }
    disk.expect_clean();
}

TEST(CofsLayout, SpaceComesBack) {
    Disk disk{16};
    const std::uint64_t before = disk.fs->space()->blocks_free;
    const std::vector<std::byte> data(1 << 20, std::byte{2});
    for (int round = 0; round < 5; ++round) {
        const Inode file = *disk.fs->create(disk.fs->root(), "big", {});
        std::uint64_t size = 0;
        for (;;) {
            const auto done = disk.fs->write(file, size, data);
            if (!done) {
                EXPECT_EQ(done.error(), Error::no_space);
                break;
            }
            size += *done;
        }
        EXPECT_GT(size, 14u << 20);
        // What is there can be overwritten, and removed.
        EXPECT_EQ(disk.fs->write(file, 4000, std::span{data}.first(200'000)), 200'000u);
        ASSERT_TRUE(disk.fs->unlink(disk.fs->root(), "big"));
    }
    EXPECT_EQ(disk.fs->space()->blocks_free, before);
    disk.expect_clean();
}

TEST(CofsLayout, SparseFilesReachFar) {
    Disk disk{8};
    const Inode file = *disk.fs->create(disk.fs->root(), "sparse", {});
    const std::vector<std::byte> data(10, std::byte{3});
    const std::uint64_t far = (std::uint64_t{1} << 60) - 10;
    ASSERT_EQ(disk.fs->write(file, far, data), 10u);
    EXPECT_EQ(disk.fs->write(file, far + 1, data).error(), Error::file_too_big);
    EXPECT_EQ(disk.fs->attributes(file)->size, std::uint64_t{1} << 60);
    EXPECT_EQ(disk.fs->attributes(file)->blocks, 8u);
    std::vector<std::byte> read(20, std::byte{9});
    EXPECT_EQ(disk.fs->read(file, far - 10, read), 20u);
    EXPECT_EQ(read[9], std::byte{0});
    EXPECT_EQ(read[10], std::byte{3});
    EXPECT_EQ(disk.fs->allocate(file, 0, far, true).error(), Error::no_space);
    ASSERT_TRUE(disk.fs->punch(file, 0, far + 10));
    EXPECT_EQ(disk.fs->attributes(file)->blocks, 0u);
    disk.expect_clean();
}

TEST(CofsLayout, OpenFilesOutliveTheirNamesUntilAMount) {
    Disk disk{8};
    const std::uint64_t before = disk.fs->space()->blocks_free;
    const Inode file = *disk.fs->create(disk.fs->root(), "f", {});
    const std::vector<std::byte> data(100'000, std::byte{4});
    ASSERT_TRUE(disk.fs->write(file, 0, data));
    ASSERT_TRUE(disk.fs->open(file));
    ASSERT_TRUE(disk.fs->unlink(disk.fs->root(), "f"));
    EXPECT_EQ(disk.fs->attributes(file)->links, 0u);
    disk.remount();
    EXPECT_EQ(disk.fs->attributes(file).error(), Error::stale);
    EXPECT_EQ(disk.fs->space()->blocks_free, before);
    disk.expect_clean();
}

/// A disk that takes no writes.
class ReadOnlyDevice {
public:
    explicit ReadOnlyDevice(MemoryDevice& below) : below_{below} {}
    [[nodiscard]] std::uint32_t block_size() const { return below_.block_size(); }
    [[nodiscard]] std::uint64_t blocks() const { return below_.blocks(); }
    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        return below_.read(first, into);
    }
    libos::fs::Result<void> write(std::uint64_t, std::span<const std::byte>) {
        return libos::fs::error(Error::read_only);
    }
    libos::fs::Result<void> flush() { return {}; }

private:
    MemoryDevice& below_;
};

// With an open file left by a crash, which a mount would delete.
TEST(CofsLayout, ADiskThatTakesNoWritesCanBeRead) {
    Disk disk{8};
    ASSERT_TRUE(disk.fs->create(disk.fs->root(), "stays", {}));
    const Inode file = *disk.fs->create(disk.fs->root(), "open", {});
    ASSERT_TRUE(disk.fs->open(file));
    ASSERT_TRUE(disk.fs->unlink(disk.fs->root(), "open"));
    ASSERT_TRUE(disk.fs->unmount());
    ReadOnlyDevice device{disk.device};
    Cofs fs{device, disk.memory};
    ASSERT_TRUE(fs.mount());
    EXPECT_TRUE(fs.lookup(fs.root(), "stays"));
    EXPECT_TRUE(fs.unmount());
    ASSERT_TRUE(fs.mount());
    ASSERT_TRUE(fs.create(fs.root(), "new", {}));
    EXPECT_EQ(fs.sync().error(), Error::read_only);
    disk.expect_clean();
}

TEST(CofsLayout, WrongDevicesAndMemoryAreRefused) {
    MemoryDevice small{4096, 1023};
    std::vector<std::byte> memory(Cofs::memory_needed(2048));
    EXPECT_EQ(Cofs::format(small, memory).error(), Error::invalid);
    MemoryDevice device{4096, 2048};
    EXPECT_EQ(Cofs::format(device, std::span{memory}.first(1000)).error(), Error::no_memory);
    Cofs empty{device, memory};
    EXPECT_EQ(empty.mount().error(), Error::corrupt);
    EXPECT_EQ(empty.sync().error(), Error::io);
}

// RFC 3720, B.4.
TEST(CofsLayout, ChecksumsAreCrc32c) {
    const std::vector<std::byte> zeros(32, std::byte{0});
    const std::vector<std::byte> ones(32, std::byte{0xff});
    EXPECT_EQ(libos::fs::checksum(zeros), 0x8a9136aau);
    EXPECT_EQ(libos::fs::checksum(ones), 0x62a8ab43u);
    EXPECT_EQ(libos::fs::checksum(std::span{zeros}.subspan(5),
                                        libos::fs::checksum(std::span{zeros}.first(5))),
              0x8a9136aau);
}

}  // namespace
}  // namespace tests::fs_cofs

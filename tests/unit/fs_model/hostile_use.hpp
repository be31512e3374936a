// A populated file system, and everything that can be asked of one whose disk was damaged: for the
// tests of hostile disks. Whatever the calls answer, they end.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "libos/fs/file_system.hpp"

namespace tests::fs_model {

using libos::fs::Inode;

// Directories, files with holes, links, attributes: every kind of thing on a disk.
struct Population {
    std::size_t bytes = 0;          // of each of sixty files
    std::uint64_t far_offset = 0;   // where every thirtieth is written; 0: as the others
    int synced_after = -1;          // that file: all of it is durable; -1: of none
};

template <class F>
void populate(F& fs, const Population& what) {
    std::vector<std::byte> data(what.bytes, std::byte{'x'});
    Inode directory = fs.root();
    for (int i = 0; i < 60; ++i) {
        const std::string name = "file" + std::to_string(i);
        const auto file = fs.create(directory, name, {});
        EXPECT_TRUE(file);
        const bool far = what.far_offset != 0 && i % 30 == 0;
        EXPECT_TRUE(fs.write(*file, far ? what.far_offset : static_cast<std::uint64_t>(i) * 7000,
                             data));
        EXPECT_TRUE(fs.set_attribute(*file, "user.a", std::span{data}.first(i * 5)));
        if (i % 3 == 0) {
            EXPECT_TRUE(fs.link(*file, fs.root(), "link" + std::to_string(i)));
        }
        if (i % 7 == 0) {
            EXPECT_TRUE(fs.symlink(directory, "soft" + name, name, {}));
        }
        if (i % 10 == 0) directory = *fs.make_directory(directory, "d", {});
        if (i == what.synced_after) {
            EXPECT_TRUE(fs.sync());
        }
    }
    // One that a crash left open and nameless.
    const auto open = fs.create(fs.root(), "open", {});
    EXPECT_TRUE(fs.open(*open));
    EXPECT_TRUE(fs.unlink(fs.root(), "open"));
}

struct Use {
    int calls = 0;
    std::uint64_t offset_max = 0;
    std::size_t attribute_bytes = 0;
};

// Every call on everything that is seen, then unmounts.
template <class F>
void use(F& fs, std::mt19937_64& random, const Use& how) {
    std::vector<Inode> seen{fs.root()};
    for (std::size_t i = 0; i < seen.size() && seen.size() < 300; ++i) {
        std::uint64_t at = 0;
        for (int n = 0; n < 300; ++n) {
            const auto entry = fs.entry(seen[i], at);
            if (!entry) break;
            EXPECT_GT(entry->next, at);
            at = entry->next;
            seen.push_back(entry->inode);
        }
    }
    std::vector<std::byte> buffer(9000, std::byte{7});
    const auto attribute = std::span{buffer}.first(how.attribute_bytes);
    for (int n = 0; n < how.calls; ++n) {
        const Inode a = seen[random() % seen.size()];
        const Inode b = seen[random() % seen.size()];
        const std::string name = (random() % 2 == 0 ? "file" : "link") +
                                 std::to_string(random() % 60);
        const std::uint64_t offset = random() % how.offset_max;
        static_cast<void>(fs.attributes(a));
        static_cast<void>(fs.read(a, offset, buffer));
        static_cast<void>(fs.read_link(a, buffer));
        static_cast<void>(fs.list_attributes(a, buffer));
        static_cast<void>(fs.get_attribute(a, "user.a", buffer));
        switch (random() % 10) {
            case 0: static_cast<void>(fs.write(a, offset, buffer)); break;
            case 1: static_cast<void>(fs.truncate(a, offset)); break;
            case 2: static_cast<void>(fs.unlink(a, name)); break;
            case 3: static_cast<void>(fs.rename(a, name, b, "d", true)); break;
            case 4: static_cast<void>(fs.link(a, b, name)); break;
            case 5: static_cast<void>(fs.remove_directory(a, "d")); break;
            case 6: static_cast<void>(fs.create(a, "n" + name, {})); break;
            case 7: static_cast<void>(fs.punch(a, offset, 20'000)); break;
            case 8: static_cast<void>(fs.set_attribute(a, "user.b", attribute)); break;
            default: static_cast<void>(fs.sync()); break;
        }
    }
    static_cast<void>(fs.unmount());
}

}  // namespace tests::fs_model

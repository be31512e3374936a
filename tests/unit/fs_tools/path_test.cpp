// Paths through directories and symbolic links. FAT has no links: here a file that begins with
// "-> " is one.
#include <gtest/gtest.h>

#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "sim/testbed/fs/memory_device.hpp"
#include "sim/testbed/fs/path.hpp"
#include "sim/testbed/fs/tree.hpp"

namespace {

using namespace sim::testbed::fs;
using libos::fs::fat::Fat;
using Cache = libos::fs::cache::BlockCache<MemoryDevice>;

class Linked final : public Adapter<Fat> {
public:
    explicit Linked(Fat& fat) : Adapter{fat} {}

    Result<Attributes> attributes(Inode inode) override {
        auto known = Adapter::attributes(inode);
        if (known && known->kind == Kind::file && content(inode).starts_with("-> ")) {
            known->kind = Kind::symlink;
        }
        return known;
    }
    Result<std::size_t> read_link(Inode inode, Bytes into) override {
        const std::string text = content(inode).substr(3);
        std::memcpy(into.data(), text.data(), text.size());
        return text.size();
    }

private:
    std::string content(Inode inode) {
        std::string text(300, '\0');
        text.resize(*read(inode, 0, std::as_writable_bytes(std::span{text})));
        return text;
    }
};

struct Paths : testing::Test {
    Paths() {
        EXPECT_TRUE(libos::fs::fat::format(blocks, {}));
        EXPECT_TRUE(fat.mount());
        a = *fs.make_directory(fs.root(), "a", {});
        b = *fs.make_directory(a, "b", {});
        file = put(b, "file", "content");
    }
    Inode put(Inode directory, const char* name, std::string_view text) {
        const Inode inode = *fs.create(directory, name, {});
        EXPECT_TRUE(fs.write(inode, 0, std::as_bytes(std::span{text})));
        return inode;
    }
    Error refusal(std::string_view path) { return find(fs, path).error(); }

    MemoryDevice device{2048, 512};
    std::vector<std::byte> memory =
        std::vector<std::byte>(Cache::bytes(64, 512) + Fat::bytes({.inodes = 64}) + 64);
    kernel::base::Arena arena{memory};
    Cache cache{device, arena, 64};
    libos::fs::cache::Blocks blocks{cache};
    Fat fat{blocks, arena, {.inodes = 64}};
    Linked fs{fat};
    Inode a{}, b{}, file{};
};

TEST_F(Paths, NamesDotsAndSlashes) {
    EXPECT_EQ(*find(fs, ""), fs.root());
    EXPECT_EQ(*find(fs, "/"), fs.root());
    EXPECT_EQ(*find(fs, "/a/b"), b);
    EXPECT_EQ(*find(fs, "a//b/./file"), file);
    EXPECT_EQ(*find(fs, "/a/b/../b/file"), file);
    EXPECT_EQ(*find(fs, "/../../a/"), a);
    EXPECT_EQ(refusal("/a/nothing"), Error::no_entry);
    EXPECT_EQ(refusal("/a/b/file/"), Error::not_directory);
    EXPECT_EQ(refusal("/a/b/file/x"), Error::not_directory);
    EXPECT_EQ(refusal(std::string(5000, 'a')), Error::name_too_long);
}

TEST_F(Paths, SymbolicLinksAreFollowedOnTheWay) {
    const Inode link = put(fs.root(), "up", "-> a/b");
    put(b, "absolute", "-> /a");
    put(b, "relative", "-> ../b/file");
    EXPECT_EQ(*find(fs, "/up/file"), file);
    EXPECT_EQ(*find(fs, "/up"), b);
    EXPECT_EQ(*find(fs, "/up", LastLink::keep), link);
    EXPECT_EQ(*find(fs, "/up/absolute/b/relative"), file);
    EXPECT_EQ(*find(fs, "/up/.."), a) << "the directory that the walk came from";
    EXPECT_EQ(refusal("/up/relative/"), Error::not_directory);
}

TEST_F(Paths, FortyLinksAndNoMore) {
    put(fs.root(), "l0", "-> a");
    for (int i = 1; i <= 40; ++i) {
        put(fs.root(), ("l" + std::to_string(i)).c_str(), "-> l" + std::to_string(i - 1));
    }
    EXPECT_EQ(*find(fs, "/l39"), a);
    EXPECT_EQ(refusal("/l40"), Error::symlink_loop);
    put(fs.root(), "self", "-> self");
    put(fs.root(), "longer", "-> longer/x");
    EXPECT_EQ(refusal("/self"), Error::symlink_loop);
    EXPECT_EQ(refusal("/longer"), Error::symlink_loop);
}

TEST_F(Paths, APlaceIsADirectoryAndAName) {
    const auto place = find_place(fs, "/a/b/new/");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->directory, b);
    EXPECT_EQ(place->name, "new");
    EXPECT_EQ(find_place(fs, "plain")->directory, fs.root());
    for (const char* path : {"", "/", "/a/..", "/a/."}) {
        EXPECT_EQ(find_place(fs, path).error(), Error::invalid) << path;
    }
    EXPECT_EQ(find_place(fs, "/a/b/file/x").error(), Error::not_directory);
}

TEST_F(Paths, ACopyWithinAVolume) {
    const auto tree = volume_tree(fs, "image");
    ASSERT_TRUE(copy({tree.get(), "/a"}, {tree.get(), "/c"}, true));
    EXPECT_TRUE(find(fs, "/c/b/file"));
    EXPECT_EQ(copy({tree.get(), "/a"}, {tree.get(), "/a/b/d"}, true).error(),
              "image:/a: cannot be copied into itself");
    EXPECT_EQ(copy({tree.get(), "/a"}, {tree.get(), "/d"}, false).error(),
              "image:/a: is a directory: give -r to copy it");
}

}  // namespace

// Single calls: what FAT cannot say, limits, times, names.
#include "tests/unit/fs_fat/disk.hpp"

namespace tests::fs_fat {
namespace {

using libos::fs::AttributeChange;
using libos::fs::Kind;

struct FatCalls : testing::Test {
    FatCalls() {
        format_volume(device, {.type = 16, .serial = 1, .label = "calls"});
        mounted.emplace(device, 64);
        EXPECT_TRUE(fat().mount());
        root = fat().root();
    }
    Fat& fat() { return mounted->fat; }
    Inode make(std::string_view name) { return *fat().create(root, name, {}); }

    MemoryDevice device{8 << 11, 512};
    std::optional<Mounted> mounted;
    Inode root{};
};

TEST_F(FatCalls, WhatTheFormatCannotSayIsNotSupported) {
    const Inode file = make("file");
    std::array<std::byte, 16> bytes{};
    EXPECT_EQ(fat().symlink(root, "l", "file", {}).error(), Error::not_supported);
    EXPECT_EQ(fat().link(file, root, "l").error(), Error::not_supported);
    EXPECT_EQ(fat().read_link(file, bytes).error(), Error::invalid);
    EXPECT_EQ(fat().set_attribute(file, "user.a", bytes).error(), Error::not_supported);
    AttributeChange owner;
    owner.has_owner = true;
    owner.user = 1000;
    EXPECT_EQ(fat().set_attributes(file, owner).error(), Error::not_supported);
    EXPECT_EQ(fat().set_attributes(root, {}).error(), Error::not_supported);
    EXPECT_EQ(fat().lookup(root, "l").error(), Error::no_entry);
}

TEST_F(FatCalls, OfAModeOnlyTheOwnersWriteBitStays) {
    const Inode file = *fat().create(root, "file", {.mode = 0444});
    EXPECT_EQ(fat().attributes(file)->mode, 0444);
    AttributeChange change;
    change.has_mode = true;
    change.mode = 0200;
    ASSERT_TRUE(fat().set_attributes(file, change));
    EXPECT_EQ(fat().attributes(file)->mode, 0644);
}

TEST_F(FatCalls, TimesAreKeptToTheirGranularity) {
    fat().set_time({.seconds = 1'700'000'001, .nanoseconds = 5});
    const Inode file = make("file");
    EXPECT_EQ(fat().attributes(file)->modified.seconds, 1'700'000'000);
    for (const std::int64_t seconds : {std::int64_t{315'532'800}, std::int64_t{951'782'400},
                                       std::int64_t{4'107'542'398}, std::int64_t{4'354'819'198}}) {
        AttributeChange change;
        change.has_modified = change.has_accessed = true;
        change.modified = {.seconds = seconds, .nanoseconds = 0};
        change.accessed = {.seconds = seconds, .nanoseconds = 0};
        ASSERT_TRUE(fat().set_attributes(file, change));
        EXPECT_EQ(fat().attributes(file)->modified.seconds, seconds);
        EXPECT_EQ(fat().attributes(file)->accessed.seconds, seconds / 86'400 * 86'400);
    }
    AttributeChange change;
    change.has_modified = true;
    change.modified = {.seconds = -5, .nanoseconds = 0};
    ASSERT_TRUE(fat().set_attributes(file, change));
    EXPECT_EQ(fat().attributes(file)->modified.seconds, 315'532'800) << "before 1980 is 1980";
    change.modified = {.seconds = std::int64_t{1} << 40, .nanoseconds = 0};
    ASSERT_TRUE(fat().set_attributes(file, change));
    EXPECT_EQ(fat().attributes(file)->modified.seconds, 4'354'819'198) << "after 2107 is 2107";
}

TEST_F(FatCalls, EveryDayIsItself) {
    using namespace libos::fs::fat;
    for (std::int64_t day = 3652; day <= 50402; ++day) {
        const libos::fs::Timestamp noon{.seconds = day * 86'400 + 43'202, .nanoseconds = 0};
        ASSERT_EQ(to_timestamp(to_stamp(noon)), noon) << day;
    }
}

TEST_F(FatCalls, NamesThatCannotStandAreRefused) {
    for (const char* name : {"", ".", "..", "a/b", "a:b", "a*", "dot.", "space ", "\x01", "\xff",
                             "\xc0\xaf", "\xed\xa0\x80", "tab\t"}) {
        EXPECT_EQ(fat().create(root, name, {}).error(), Error::invalid) << name;
    }
    EXPECT_EQ(fat().create(root, std::string_view{"a\0b", 3}, {}).error(), Error::invalid);
    const std::string longest(255, 'n');
    EXPECT_EQ(fat().create(root, longest + "n", {}).error(), Error::name_too_long);
    ASSERT_TRUE(fat().create(root, longest, {}));
    EXPECT_TRUE(fat().lookup(root, longest));
    EXPECT_EQ(fat().lookup(root, "a:b").error(), Error::no_entry);
    EXPECT_EQ(fat().lookup(root, "..").error(), Error::invalid);
}

TEST_F(FatCalls, CaseIsKeptAndDoesNotMatter) {
    const Inode file = make("Grüße.Text");
    EXPECT_EQ(*fat().lookup(root, "GRÜßE.TEXT"), file);
    EXPECT_EQ(fat().create(root, "grüße.text", {}).error(), Error::exists);
    ASSERT_TRUE(fat().rename(root, "GRÜßE.text", root, "GRÜße.TEXT", false));
    EXPECT_EQ(fat().entry(root, 0)->name, "GRÜße.TEXT");
    EXPECT_EQ(*fat().lookup(root, "grüße.text"), file) << "its number stays";
}

TEST_F(FatCalls, ShortNamesAreUniqueAndFound) {
    for (int i = 0; i < 120; ++i) make("a long name number " + std::to_string(i));
    EXPECT_TRUE(fat().lookup(root, "ALONGN~1"));
    EXPECT_TRUE(fat().lookup(root, "alongn~9"));
    EXPECT_TRUE(fat().lookup(root, "ALONG~10"));
    EXPECT_TRUE(fat().lookup(root, "ALON~120"));
    EXPECT_EQ(fat().lookup(root, "ALON~121").error(), Error::no_entry);
    EXPECT_EQ(fat().create(root, "ALONGN~1", {}).error(), Error::exists);
    ASSERT_TRUE(fat().unmount());
    EXPECT_EQ(check_volume(device, false).findings, "");
}

TEST_F(FatCalls, AnOpenFileOutlivesItsName) {
    const Inode file = make("file");
    ASSERT_TRUE(fat().write(file, 0, bytes_of("still here")));
    const std::uint64_t free = fat().space()->blocks_free;
    ASSERT_TRUE(fat().open(file));
    ASSERT_TRUE(fat().open(file));
    ASSERT_TRUE(fat().unlink(root, "file"));
    const Inode other = make("file");
    EXPECT_NE(other, file);
    EXPECT_EQ(read_all(fat(), file), "still here");
    EXPECT_EQ(fat().attributes(file)->links, 0u);
    ASSERT_TRUE(fat().close(file));
    EXPECT_EQ(fat().space()->blocks_free, free);
    ASSERT_TRUE(fat().close(file));
    EXPECT_EQ(fat().space()->blocks_free, free + 1);
    EXPECT_EQ(fat().attributes(file).error(), Error::stale);
    EXPECT_EQ(fat().close(file).error(), Error::invalid);
}

TEST_F(FatCalls, ADirectoryDoesNotMoveBelowItself) {
    const Inode a = *fat().make_directory(root, "a", {});
    const Inode b = *fat().make_directory(a, "b", {});
    EXPECT_EQ(fat().rename(root, "a", b, "c", true).error(), Error::invalid);
    EXPECT_EQ(fat().rename(root, "a", a, "c", true).error(), Error::invalid);
    EXPECT_EQ(fat().rename(a, "b", root, "a", true).error(), Error::not_empty);
    EXPECT_EQ(fat().remove_directory(root, "a").error(), Error::not_empty);
    ASSERT_TRUE(fat().rename(a, "b", root, "b", true));
    ASSERT_TRUE(fat().rename(root, "a", b, "a", true));
    EXPECT_EQ(fat().lookup(b, "a"), a);
}

TEST_F(FatCalls, TheFixedRootIsFullAndSubdirectoriesGrow) {
    std::size_t made = 0;
    libos::fs::Result<Inode> last = root;
    while ((last = fat().create(root, "F" + std::to_string(made), {}))) ++made;
    EXPECT_EQ(last.error(), Error::no_space);
    EXPECT_EQ(made, 511u) << "512 slots, one of them the label's";
    ASSERT_TRUE(fat().unlink(root, "F7"));
    const Inode sub = *fat().make_directory(root, "SUB", {});
    for (int i = 0; i < 600; ++i) {
        ASSERT_TRUE(fat().create(sub, "a longer name " + std::to_string(i), {}));
    }
    ASSERT_TRUE(fat().unmount());
    EXPECT_EQ(check_volume(device, false).findings, "");
}

TEST_F(FatCalls, TheTableOfInodesFull) {
    mounted.reset();
    mounted.emplace(device, 64, Fat::Options{.inodes = 2});
    ASSERT_TRUE(fat().mount());
    const Inode a = make("a");
    const Inode b = make("b");
    const Inode c = make("c");
    ASSERT_TRUE(fat().rename(root, "a", root, "a2", true));
    ASSERT_TRUE(fat().open(b));
    EXPECT_EQ(fat().rename(root, "c", root, "c2", true).error(), Error::no_memory);
    EXPECT_EQ(*fat().lookup(root, "c"), c);
    EXPECT_EQ(*fat().lookup(root, "a2"), a);
    ASSERT_TRUE(fat().close(b));
    EXPECT_TRUE(fat().rename(root, "c", root, "c2", true));
}

TEST_F(FatCalls, TheMarkSaysInUseFromTheFirstChangeToUnmount) {
    EXPECT_EQ(check_volume(device, false).findings, "") << "mounting alone changes nothing";
    make("file");
    EXPECT_NE(check_volume(device, false).findings.find("not properly"), std::string::npos);
    ASSERT_TRUE(fat().unmount());
    EXPECT_EQ(check_volume(device, false).findings, "");
    EXPECT_EQ(fat().create(root, "after", {}).error(), Error::invalid);
    EXPECT_EQ(fat().sync().error(), Error::invalid);
}

TEST_F(FatCalls, WhatFollowsADirectorysEndIsNotShown) {
    make("FIRST");
    ASSERT_TRUE(fat().unmount());
    const auto geometry =
        *libos::fs::fat::Geometry::read(device.bytes(), device.bytes().size());
    std::byte* const slots = device.bytes().data() + geometry.root_start;
    // Behind the label, FIRST and the end: what looks like more files.
    for (int i = 3; i < 12; ++i) {
        std::memcpy(slots + i * 32, slots + 32, 32);
        slots[i * 32] = static_cast<std::byte>('A' + i);
    }
    ASSERT_TRUE(fat().mount());
    make("SECOND");
    std::size_t count = 0;
    for (std::uint64_t position = 0; const auto entry = fat().entry(root, position);) {
        position = entry->next;
        ++count;
    }
    EXPECT_EQ(count, 2u);
}

TEST(FatLimits, AFileEndsBelowFourGibibytes) {
    MemoryDevice device{std::uint64_t{34} << 11, 512};
    format_volume(device, {.type = 32});
    Mounted mounted{device, 16};
    ASSERT_TRUE(mounted.fat.mount());
    const Inode file = *mounted.fat.create(mounted.fat.root(), "file", {});
    const std::uint64_t four_gibibytes = std::uint64_t{4} << 30;
    EXPECT_EQ(mounted.fat.truncate(file, four_gibibytes).error(), Error::file_too_big);
    EXPECT_EQ(mounted.fat.write(file, four_gibibytes, bytes_of("x")).error(),
              Error::file_too_big);
    EXPECT_EQ(mounted.fat.write(file, four_gibibytes - 2, bytes_of("x")).error(),
              Error::no_space);
    EXPECT_EQ(mounted.fat.attributes(file)->size, 0u);
}

TEST(FatFormat, OptionsThatNoVolumeCanHaveAreInvalid) {
    using libos::fs::fat::FormatOptions;
    MemoryDevice device{std::uint64_t{8} << 11, 512};
    for (const FormatOptions& options :
         {FormatOptions{.type = 13}, FormatOptions{.type = 32}, FormatOptions{.cluster_bytes = 700},
          FormatOptions{.type = 12, .cluster_bytes = 512}, FormatOptions{.sector_bytes = 256},
          FormatOptions{.label = "twelve chars"}, FormatOptions{.label = "a/b"}}) {
        Below below{device, 16};
        EXPECT_EQ(format(below.blocks, options).error(), Error::invalid);
    }
    MemoryDevice tiny{8, 512};
    Below below{tiny, 16};
    EXPECT_EQ(libos::fs::fat::format(below.blocks, {}).error(), Error::no_space);
    EXPECT_EQ(device.writes(), 0u);
}

TEST(FatFormat, TheTypeFollowsTheSize) {
    using libos::fs::fat::Type;
    const std::pair<std::uint64_t, Type> sizes[] = {{1, Type::fat12}, {15, Type::fat12},
                                                    {16, Type::fat16}, {511, Type::fat16},
                                                    {512, Type::fat32}};
    for (const auto& [mebibytes, type] : sizes) {
        MemoryDevice device{mebibytes << 11, 512};
        Below below{device, 16};
        const auto geometry = libos::fs::fat::format(below.blocks, {});
        ASSERT_TRUE(geometry);
        EXPECT_EQ(geometry->type, type) << mebibytes << " MiB";
    }
}

}  // namespace
}  // namespace tests::fs_fat

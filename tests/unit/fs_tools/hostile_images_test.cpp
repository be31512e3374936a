// Images of every format that the tools know, with bytes changed at random: mounted, walked,
// used and checked. Every call ends, whatever it answers. One image a seed: 900 of all formats
// in a usual run, a fifth of it under a sanitizer.
#include <gtest/gtest.h>

#include <random>

#include "sim/host/file/temporary_folder.hpp"
#include "sim/testbed/crash/picture.hpp"
#include "sim/testbed/fs/format.hpp"
#include "tests/unit/fs_model/effort.hpp"

namespace tests::fs_tools {
namespace {

using namespace sim::testbed::fs;
using sim::host::file::ImageFile;

constexpr std::uint64_t image_bytes = 4u << 20;

// A format's image with files, directories, and what else it has a word for.
void populate(AnyFileSystem& fs) {
    ASSERT_TRUE(fs.mount());
    const std::vector<std::byte> data(20'000, std::byte{'x'});
    Inode directory = fs.root();
    for (int i = 0; i < 40; ++i) {
        const std::string name = "file" + std::to_string(i);
        const auto file = fs.create(directory, name, {});
        ASSERT_TRUE(file);
        ASSERT_TRUE(fs.write(*file, 0, std::span{data}.first(500 * i)));
        static_cast<void>(fs.link(*file, fs.root(), "link" + name));
        static_cast<void>(fs.symlink(directory, "soft" + name, name, {}));
        static_cast<void>(fs.set_attribute(*file, "user.a", std::span{data}.first(i)));
        if (i % 10 == 0) directory = *fs.make_directory(directory, "d", {});
    }
    ASSERT_TRUE(fs.unmount());
}

std::vector<std::byte> bytes_of(ImageDevice& device) {
    std::vector<std::byte> bytes(image_bytes);
    EXPECT_TRUE(device.read(0, bytes));
    return bytes;
}

// Mostly where something is: in sectors that are not empty.
void damage(std::vector<std::byte>& bytes, std::mt19937_64& random) {
    for (std::uint64_t n = 1 + random() % 30; n > 0; --n) {
        std::size_t at = random() % bytes.size();
        for (int tries = 0; tries < 2000; ++tries) {
            const auto sector = std::span{bytes}.subspan(at / 512 * 512, 512);
            if (std::ranges::any_of(sector, [](std::byte b) { return b != std::byte{0}; })) break;
            at = random() % (random() % 2 == 0 ? bytes.size() : 64 * 1024);
        }
        bytes[at] = static_cast<std::byte>(random());
    }
}

void use(AnyFileSystem& fs) {
    const std::vector<std::byte> data(5'000, std::byte{'y'});
    for (int i = 0; i < 40; i += 3) {
        const std::string name = "file" + std::to_string(i);
        const auto file = fs.lookup(fs.root(), name);
        if (file) static_cast<void>(fs.write(*file, 3'000, data));
        static_cast<void>(fs.rename(fs.root(), name, fs.root(), "moved" + name, true));
        static_cast<void>(fs.create(fs.root(), "new" + name, {}));
        static_cast<void>(fs.unlink(fs.root(), "link" + name));
    }
    static_cast<void>(fs.sync());
    static_cast<void>(fs.unmount());
}

TEST(HostileImages, NoFormatCrashesOrHangs) {
    const std::uint64_t seeds = fs_model::effort(300, 10'000);
    const sim::host::file::TemporaryFolder folder;
    const std::string path = folder.file("image");
    for (const Format& format : formats()) {
        auto file = ImageFile::create(path, image_bytes);
        ASSERT_TRUE(file) << file.error();
        ImageDevice device{std::move(*file)};
        ASSERT_TRUE(format.make(device, format.names.front(), {}));
        populate(**format.open(device, {}));
        const std::vector<std::byte> clean = bytes_of(device);
        std::uint64_t mounted = 0;
        std::uint64_t found = 0;
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            SCOPED_TRACE(format.names.front() + ", seed " + std::to_string(seed));
            std::mt19937_64 random{seed};
            std::vector<std::byte> bytes = clean;
            damage(bytes, random);
            ASSERT_TRUE(device.write(0, bytes));
            static_cast<void>(format.recognises(device));
            std::uint64_t findings = 0;
            const auto checked = format.check(device, false,
                                              [&](const CheckFinding&) { ++findings; });
            found += !checked || findings > 0 ? 1 : 0;
            const auto fs = std::move(*format.open(device, {}));
            if (fs->mount()) {
                ++mounted;
                static_cast<void>(sim::testbed::crash::take_picture(*fs));
                use(*fs);
            }
            static_cast<void>(format.check(device, true, [](const CheckFinding&) {}));
        }
        EXPECT_GT(mounted, seeds / 10) << format.names.front();
        EXPECT_GT(found, seeds / 10) << format.names.front();
    }
}

}  // namespace
}  // namespace tests::fs_tools

// The same volumes under dosfstools and mtools: what one writes the other reads.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "sim/host/file/temporary_folder.hpp"
#include "tests/unit/fs_fat/player.hpp"

namespace tests::fs_fat {
namespace {

namespace files = std::filesystem;

struct Ended {
    int status;
    std::string output;
};

Ended run(const std::string& command) {
    Ended ended{-1, ""};
    const std::string all = "LC_ALL=C.UTF-8 MTOOLS_SKIP_CHECK=1 PATH=$PATH:/sbin:/usr/sbin " +
                            ("sh -c '" + command + "' 2>&1");
    FILE* const pipe = popen(all.c_str(), "r");
    if (pipe == nullptr) return ended;
    char part[4096];
    while (const std::size_t size = std::fread(part, 1, sizeof part, pipe)) {
        ended.output.append(part, size);
    }
    ended.status = pclose(pipe);
    return ended;
}

bool tools_here() {
    return run("command -v mkfs.fat && command -v fsck.fat && command -v mcopy").status == 0;
}

void write_file(const files::path& path, std::span<const std::byte> bytes) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good());
}

std::string read_file(const files::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

MemoryDevice load_image(const files::path& path) {
    const std::string bytes = read_file(path);
    std::vector<std::byte> image(bytes.size());
    std::memcpy(image.data(), bytes.data(), bytes.size());
    return MemoryDevice{std::move(image), 512};
}

// A directory of the host against the model's.
void compare(const files::path& folder, const ModelPointer& directory) {
    std::size_t count = 0;
    for (const auto& entry : files::directory_iterator{folder}) {
        (void)entry;
        ++count;
    }
    ASSERT_EQ(count, directory->children.size()) << folder;
    for (const auto& [key, child] : directory->children) {
        const files::path path = folder / child.first;
        ASSERT_TRUE(files::exists(path)) << path;
        if (child.second->directory) compare(path, child.second);
        else ASSERT_TRUE(read_file(path) == child.second->data) << path;
    }
}

struct Kind {
    int type;
    std::uint64_t bytes;
};

void PrintTo(const Kind& kind, std::ostream* stream) { *stream << kind.bytes << " bytes"; }

class Interchange : public testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        if (!tools_here()) GTEST_SKIP() << "skipped: dosfstools and mtools are not installed";
        image_ = folder_ / "image";
    }

    // fsck.fat has nothing to say, and mcopy brings out what the model holds.
    void foreign_tools_agree(MemoryDevice& device, const ModelPointer& root) {
        write_file(image_, device.bytes());
        const Ended check = run(fmt::format("fsck.fat -n {}", image_.string()));
        ASSERT_EQ(check.status, 0) << check.output;
        const files::path out = folder_ / "out";
        files::remove_all(out);
        files::create_directories(out);
        if (!root->children.empty()) {
            const Ended copy = run(fmt::format("mcopy -s -n -Q -i {} ::* {}", image_.string(),
                                               out.string()));
            ASSERT_EQ(copy.status, 0) << copy.output;
        }
        compare(out, root);
    }

    sim::host::file::TemporaryFolder temporary_;
    files::path folder_ = temporary_.path();
    files::path image_;
};

TEST_P(Interchange, ToolsReadWhatIsWrittenHere) {
    MemoryDevice device{GetParam().bytes / 512, 512};
    const auto type = static_cast<std::uint32_t>(GetParam().type);
    format_volume(device, {.type = type, .label = "CHITIN"});
    Player player{device, 31};
    player.leave_out_pairs();
    for (int round = 0; round < 5; ++round) {
        for (int step = 0; step < 200; ++step) ASSERT_TRUE(player.step());
        ASSERT_NO_FATAL_FAILURE(player.remount());
        player.unmount();
        ASSERT_NO_FATAL_FAILURE(foreign_tools_agree(device, player.root()));
        player.mount();
    }
    player.unmount();
}

TEST_P(Interchange, VolumesOfMkfsFatWorkHere) {
    const Ended made = run(fmt::format("mkfs.fat -F {} -n OTHER -C {} {}", GetParam().type,
                                       image_.string(), GetParam().bytes / 1024));
    ASSERT_EQ(made.status, 0) << made.output;
    MemoryDevice device = load_image(image_);
    ASSERT_EQ(check_volume(device, false).findings, "");
    Player player{device, 77};
    player.leave_out_pairs();
    for (int round = 0; round < 5; ++round) {
        for (int step = 0; step < 200; ++step) ASSERT_TRUE(player.step());
        ASSERT_NO_FATAL_FAILURE(player.remount());
    }
    player.unmount();
    foreign_tools_agree(device, player.root());
}

// mtools make, overwrite, rename and remove; what they leave is read here.
TEST_P(Interchange, WhatMtoolsWriteIsReadHere) {
    MemoryDevice device{GetParam().bytes / 512, 512};
    format_volume(device, {.type = static_cast<std::uint32_t>(GetParam().type)});
    write_file(image_, device.bytes());
    const files::path in = folder_ / "in";
    files::create_directories(in / "Sub Directory" / "deeper");
    auto root = std::make_shared<ModelFile>();
    root->directory = true;
    std::mt19937_64 random{5};
    const auto place = [&](const ModelPointer& directory, const files::path& folder,
                           const std::string& name) {
        auto file = std::make_shared<ModelFile>();
        file->data.resize(random() % 30'000);
        for (char& c : file->data) c = static_cast<char>(random());
        write_file(folder / name, bytes_of(file->data));
        directory->children[name] = {name, file};
    };
    for (const char* name : {"SHORT.TXT", "lower.txt", "Ein langer Name mit äöü.text",
                             "日本.dat", "a.b.c.d", "empty", "x"}) {
        place(root, in, name);
    }
    auto sub = std::make_shared<ModelFile>();
    sub->directory = true;
    root->children["Sub Directory"] = {"Sub Directory", sub};
    for (int i = 0; i < 60; ++i) {
        place(sub, in / "Sub Directory", fmt::format("many files of a kind {}", i));
    }
    auto deeper = std::make_shared<ModelFile>();
    deeper->directory = true;
    sub->children["deeper"] = {"deeper", deeper};
    place(deeper, in / "Sub Directory" / "deeper", "leaf");

    const std::string image = image_.string();
    Ended ended = run(fmt::format("mcopy -s -n -Q -i {} {}/* ::", image, in.string()));
    ASSERT_EQ(ended.status, 0) << ended.output;
    ended = run(fmt::format("mdel -i {} ::x && mren -i {} ::SHORT.TXT \"::Renamed Here\"", image,
                            image));
    ASSERT_EQ(ended.status, 0) << ended.output;
    root->children["Renamed Here"] = {"Renamed Here", root->child({"", "SHORT.TXT"})};
    root->children.erase("x");
    root->children.erase("SHORT.TXT");

    MemoryDevice back = load_image(image_);
    EXPECT_EQ(check_volume(back, false).findings, "");
    Player player{back, 1};
    player.expect(root);
    player.compare();
    player.unmount();
}

INSTANTIATE_TEST_SUITE_P(Types, Interchange,
                         testing::Values(Kind{12, 2 << 20}, Kind{16, 20 << 20},
                                         Kind{32, 40 << 20}),
                         [](const auto& info) { return fmt::format("fat{}", info.param.type); });

}  // namespace
}  // namespace tests::fs_fat

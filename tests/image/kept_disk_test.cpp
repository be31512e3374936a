// Disks that go from hand to hand: made hosted, worked on by the image through virtio and NVMe,
// looked at hosted, and the other way round.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "libos/fs/checksum.hpp"
#include "sim/host/child/child.hpp"
#include "tests/image/test_bundle.hpp"
#include "tests/unit/fs_tools/shell.hpp"

namespace {

using Json = nlohmann::json;
using tests::image::image_path;

struct Way {
    const char* fs;
    const char* device;
};

class KeptDisk : public tests::fs_tools::Shell, public testing::WithParamInterface<Way> {
protected:
    void SetUp() override {
        Shell::SetUp();
        if (!std::filesystem::exists(image_path())) GTEST_SKIP() << "no image: " << image_path();
    }

    // A scenario of one program on the disk `image`, which has a file system.
    void write_scenario(const std::string& name, const std::string& image,
                        const std::string& arguments, const std::string& fs) const {
        std::ofstream{folder_ / name}
            << "[machine]\nmemory = \"16 MiB\"\n[[disk]]\nimage = \"" << image
            << "\"\nkeep = true\ndevice = \"" << GetParam().device
            << "\"\n[[environments]]\nname = \"raw\"\nprogram = \"persist\"\nargs = { fs = \"" << fs
            << "\", disk_blocks = 1, " << arguments << " }\n";
    }

    void must(const std::string& script) const {
        const Ran ran = run(script);
        ASSERT_EQ(ran.status, 0) << script << "\n" << ran.output;
    }

    [[nodiscard]] std::string text(const std::string& name) const {
        std::ifstream file{folder_ / name, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    // The result lines of environment `raw` in a run's --json.
    [[nodiscard]] Json results(const std::string& name) const {
        std::istringstream lines{text(name)};
        for (std::string line; std::getline(lines, line);) {
            const Json json = Json::parse(line, nullptr, false);
            if (!json.is_object() || !json.contains("environments")) continue;
            for (const Json& env : json["environments"]) {
                if (env["name"] == "raw") return env["results"];
            }
        }
        return nullptr;
    }

    [[nodiscard]] std::uint32_t sum_of(const std::string& name) const {
        const std::string bytes = text(name);
        return libos::fs::checksum(std::as_bytes(std::span{bytes}));
    }
};

std::string boot(const std::string& scenario, const std::string& out) {
    return "CHITIN_ROOT='" CHITIN_SOURCE "' chitin boot " + scenario + " -o " + out +
           "-results --json > " + out + ".json";
}

// What each file was last announced to be.
std::map<std::string, std::uint32_t> last_sums(const Json& results) {
    std::map<std::string, std::uint32_t> sums;
    for (const Json& line : results) {
        if (!line.contains("will")) continue;
        const std::string path = line["will"];
        if (line.contains("gone")) {
            sums.erase(path);
        } else {
            sums[path] = line["sum"];
        }
    }
    return sums;
}

TEST_P(KeptDisk, IsTheSameWhoeverWorksOnIt) {
    const std::string fs = GetParam().fs;
    must("chitin mkfs " + fs + " hosted.img --size 8M --serial 7 && "
         "seq 1 3000 > in.txt && chitin cp in.txt hosted.img:/in.txt && "
         "cp hosted.img bare.img");
    write_scenario("hosted.toml", "hosted.img", "phase = \"work\", steps = 80", fs);
    write_scenario("bare.toml", "bare.img", "phase = \"work\", steps = 80", fs);
    must("chitin run hosted.toml -o hosted-results --json > hosted.json");
    must(boot("bare.toml", "bare"));
    const Json bare = results("bare.json");
    ASSERT_TRUE(bare.is_array()) << text("bare.json");
    EXPECT_EQ(bare, results("hosted.json"));
    must("cmp hosted.img bare.img");

    must("chitin fsck bare.img && chitin ls bare.img:/d0 && chitin cp -r bare.img:/ out");
    must("cmp in.txt out/in.txt");
    const auto sums = last_sums(bare);
    EXPECT_GT(sums.size(), 3u);
    for (const auto& [path, sum] : sums) EXPECT_EQ(sum_of("out/" + path), sum) << path;

    // What was put there hosted the image finds.
    must("rm -r out && seq 5 900 > more.txt && chitin cp more.txt bare.img:/d1/more.txt");
    write_scenario("look.toml", "bare.img", "phase = \"look\"", fs);
    must(boot("look.toml", "look"));
    std::map<std::string, std::uint32_t> found;
    for (const Json& line : results("look.json")) {
        if (line.contains("found")) found[line["found"]] = line["sum"];
    }
    auto expected = sums;
    expected["in.txt"] = sum_of("in.txt");
    expected["d1/more.txt"] = sum_of("more.txt");
    EXPECT_EQ(found, expected);
}

INSTANTIATE_TEST_SUITE_P(Ways, KeptDisk,
                         testing::Values(Way{"cofs", "virtio"}, Way{"cofs", "nvme"},
                                         Way{"log", "virtio"}, Way{"log", "nvme"},
                                         Way{"fat", "virtio"}, Way{"fat", "nvme"}),
                         [](const auto& info) {
                             return std::string{info.param.fs} + "_" + info.param.device;
                         });

class ForeignDisk : public KeptDisk {};
INSTANTIATE_TEST_SUITE_P(Ways, ForeignDisk,
                         testing::Values(Way{"fat", "virtio"}, Way{"fat", "nvme"}),
                         [](const auto& info) { return std::string{info.param.device}; });

// mkfs.fat made it, the image writes it, fsck.fat looks.
TEST_P(ForeignDisk, OfMkfsFatIsWrittenByTheImage) {
    if (run("command -v mkfs.fat && command -v fsck.fat").status != 0) {
        GTEST_SKIP() << "skipped: no mkfs.fat";
    }
    must("mkfs.fat -C disk.img 8192");
    write_scenario("work.toml", "disk.img", "phase = \"work\", steps = 40", "fat");
    must(boot("work.toml", "work"));
    must("fsck.fat -n disk.img && chitin fsck disk.img && chitin cp -r disk.img:/ out");
    const auto sums = last_sums(results("work.json"));
    EXPECT_GT(sums.size(), 3u);
    for (const auto& [path, sum] : sums) EXPECT_EQ(sum_of("out/" + path), sum) << path;
}

}  // namespace

// File systems in environments, over extents: work, a neighbour, a reboot, a power failure.
#include <gtest/gtest.h>

#include "tests/unit/disk_kernel/disk_cell.hpp"

namespace tests::disk_kernel {
namespace {

EnvOptions files(const std::string& fs, const std::string& more = {}) {
    return {fs, "files", "fs=" + fs + "\ndisk_blocks=4096\nfiles=150\n" + more};
}

constexpr std::uint64_t blocks = 3 * 4096 + 64;

TEST(DiskFiles, EachFileSystemKeepsWhatItWasGiven) {
    for (const char* fs : {"cofs", "log", "fat"}) {
        SCOPED_TRACE(fs);
        const auto done = run(under_init({files(fs)}), blank(blocks), false);
        expect_well(done);
        std::size_t rows = 0;
        for (const auto& env : done.result.envs) rows += env.results.size();
        EXPECT_GE(rows, 3u) << "create, read, delete";
    }
}

TEST(DiskFiles, OnADiskThatTakesNoTimeToo) {
    CellOptions options = under_init({files("cofs"), files("fat")});
    options.service = {};
    options.service.channels = 64;
    expect_well(run(options, blank(blocks), false));
}

TEST(DiskFiles, ThreeFileSystemsShareADisk) {
    expect_well(run(under_init({files("cofs"), files("log"), files("fat")}), blank(blocks), false));
}

TEST(DiskFiles, WhatARunWroteTheNextOneFinds) {
    const Image image = blank(blocks);
    const auto all = [](const std::string& phase) {
        return under_init({files("cofs", phase), files("log", phase), files("fat", phase)});
    };
    expect_well(run(all("phase=write\n"), image, false));
    CellOptions second = all("phase=read\n");
    second.lose_unflushed = true;
    expect_well(run(second, image, false));
    expect_well(run(all("phase=read\n"), image, false));
}

TEST(DiskFiles, AMachineWithoutThemSaysSo) {
    const auto done = run(under_init({files("cofs", "phase=read\n")}), blank(blocks), false);
    EXPECT_NE(done.result.outcome.exit_code, 0u);
    EXPECT_EQ(done.result.outcome.frames_lost, 0u);
}

}  // namespace
}  // namespace tests::disk_kernel

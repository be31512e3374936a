// A FAT volume in memory, with all that stands below it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/fat/check/check.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "sim/testbed/fs/memory_device.hpp"

namespace tests::fs_fat {

using libos::fs::Error;
using libos::fs::Inode;
using libos::fs::fat::Fat;
using sim::testbed::fs::MemoryDevice;
namespace choice = libos::fs::choice;
using Cache = libos::fs::cache::BlockCache<MemoryDevice, libos::policy::AnyReplacement,
                                           choice::AnyWriteBack, choice::AnyReadAhead>;

/// Memory and a cache over a device: gone, and made anew, at every remount.
struct Below {
    Below(MemoryDevice& device, std::uint32_t slots, const choice::CacheChoices& choices = {})
        : memory(Cache::bytes(slots, device.block_size())),
          arena{memory},
          cache{device, arena, slots, choices},
          blocks{cache} {}

    std::vector<std::byte> memory;
    kernel::base::Arena arena;
    Cache cache;
    libos::fs::cache::Blocks blocks;
};

struct Mounted {
    Mounted(MemoryDevice& device, std::uint32_t slots, Fat::Options options = {.inodes = 20'000},
            const choice::CacheChoices& choices = {})
        : below{device, slots, choices},
          memory(Fat::bytes(options)),
          arena{memory},
          fat{below.blocks, arena, options} {}

    Below below;
    std::vector<std::byte> memory;
    kernel::base::Arena arena;
    Fat fat;
};

struct Checked {
    libos::fs::Result<libos::fs::fat::CheckResult> result;
    std::string findings;
};

// Without `report` findings are counted only.
inline Checked check_volume(MemoryDevice& device, bool repair, bool report = true) {
    namespace fat = libos::fs::fat;
    Below below{device, 64};
    const fat::CheckOptions options{.repair = repair, .depth = 512};
    std::vector<std::byte> memory(
        fat::check_bytes(device.blocks() * device.block_size(), options));
    kernel::base::Arena arena{memory};
    Checked checked;
    const auto tell = [](void* context, const fat::Finding& finding) {
        std::string& all = *static_cast<std::string*>(context);
        if (all.size() > 4000) return;
        all.append(finding.name).append(": ").append(text(finding.trouble));
        all.append(" (cluster " + std::to_string(finding.cluster) + ")\n");
    };
    fat::Report to;
    if (report) to = {.context = &checked.findings, .tell = tell};
    checked.result = fat::check(below.blocks, arena, options, to);
    return checked;
}

inline void format_volume(MemoryDevice& device, const libos::fs::fat::FormatOptions& options) {
    Below below{device, 64};
    const auto geometry = libos::fs::fat::format(below.blocks, options);
    ASSERT_TRUE(geometry) << static_cast<int>(geometry.error());
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span{text});
}

inline std::string read_all(Fat& fat, Inode file) {
    std::string data(fat.attributes(file)->size, '?');
    const auto got = fat.read(file, 0, std::as_writable_bytes(std::span{data}));
    EXPECT_TRUE(got) << static_cast<int>(got.error());
    return data;
}

}  // namespace tests::fs_fat

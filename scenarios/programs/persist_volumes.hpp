// The file systems that `persist` can stand on: how each is made, mounted and checked.
#pragma once

#include <new>

#include "kernel/base/order.hpp"
#include "libos/disk/extent_device.hpp"
#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/fat/check/check.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "libos/fs/log/log.hpp"

namespace scenarios::persist {

using libos::disk::ExtentDevice;
using Memory = std::span<std::byte>;
namespace fs = libos::fs;

inline constexpr std::uint32_t cached_blocks = 64;

// A format of ours: mounting it is its recovery.
template <class F, class Report>
struct Own {
    using Fs = F;
    static constexpr bool repairs_first = false;

    static std::size_t memory(std::uint64_t blocks) {
        return kernel::base::max(Fs::memory_needed(blocks, cached_blocks),
                                 Fs::check_memory_needed(blocks, cached_blocks));
    }
    static fs::Result<void> format(ExtentDevice& device, Memory memory) {
        return Fs::format(device, memory);
    }
    // How many problems it has.
    static fs::Result<std::uint64_t> check(ExtentDevice& device, Memory memory, bool repair) {
        Report report;
        const auto checked = Fs::check(device, memory, report, repair);
        if (!checked.has_value()) return fs::error(checked.error());
        return report.problems;
    }
    Own(ExtentDevice& device, Memory memory) : fs{device, memory} {}
    Fs fs;
};

struct Cofs : Own<fs::cofs::Cofs, fs::cofs::CheckReport> {
    using Own::Own;
};
struct Log : Own<fs::log::Log, fs::log::CheckReport> {
    using Own::Own;
};

// Its check's repair has to come before each mount.
struct Fat {
    using Fs = fs::fat::Fat;
    using Cache = fs::cache::BlockCache<ExtentDevice>;
    static constexpr bool repairs_first = true;
    static constexpr Fs::Options options{.inodes = 256};
    static constexpr std::uint32_t depth = 16;

    static std::size_t memory(std::uint64_t blocks) {
        const std::uint64_t bytes = blocks * kernel::abi::page_size;
        return Cache::bytes(cached_blocks, kernel::abi::page_size) +
               kernel::base::max(Fs::bytes(options), fs::fat::check_bytes(bytes, {.depth = depth}));
    }
    static fs::Result<void> format(ExtentDevice& device, Memory memory) {
        kernel::base::Arena arena{memory};
        Cache cache{device, arena, cached_blocks};
        fs::cache::Blocks blocks{cache};
        const auto made = fs::fat::format(blocks, {.serial = 1});
        if (!made.has_value()) return fs::error(made.error());
        return blocks.flush();
    }
    static fs::Result<std::uint64_t> check(ExtentDevice& device, Memory memory, bool repair) {
        kernel::base::Arena arena{memory};
        Cache cache{device, arena, cached_blocks};
        fs::cache::Blocks blocks{cache};
        const auto checked =
            fs::fat::check(blocks, arena, {.repair = repair, .depth = depth}, {});
        if (!checked.has_value()) return fs::error(checked.error());
        if (const auto flushed = blocks.flush(); !flushed.has_value()) {
            return fs::error(flushed.error());
        }
        return checked->findings;
    }
    Fat(ExtentDevice& device, Memory memory)
        : arena{memory},
          cache{device, arena, cached_blocks},
          fs{fs::cache::Blocks{cache}, arena, options} {}
    kernel::base::Arena arena;
    Cache cache;
    Fs fs;
};

}  // namespace scenarios::persist

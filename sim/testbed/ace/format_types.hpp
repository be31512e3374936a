#pragma once

/// The file systems as crash tests need them: made, recovered, checked, repaired over any device.
///
/// A Format says how:
/// ```
/// struct Format {
///     static constexpr std::string_view name;
///     template <class D> using Type = ...;            // a FileSystem over D
///     /// What format, mount and check are given, for a device of that size.
///     std::vector<std::byte> memory(std::uint64_t device_bytes, std::uint32_t block_size);
///     template <class D> Result<void> format(D&, std::span<std::byte>);
///     /// Before each mount; how many repairs it took.
///     template <class D> Result<std::uint64_t> recover(D&, std::span<std::byte>);
///     template <class D> Result<std::uint64_t> repair(D&, std::span<std::byte>);
///     template <class D> std::string check(D&, std::span<std::byte>);  // empty: clean
/// };
/// ```

#include <string>
#include <string_view>
#include <vector>

#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/fat/check/check.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "libos/fs/log/log.hpp"
#include "sim/testbed/crash/crash_states.hpp"

namespace sim::testbed::ace {

/// A format of ours, which needs no recovery but its mount().
template <class Fs, class Report>
struct OwnFormat {
    template <class D>
    using Type = Fs;

    static std::vector<std::byte> memory(std::uint64_t device_bytes, std::uint32_t) {
        return std::vector<std::byte>(Fs::check_memory_needed(device_bytes / 4096, 64));
    }
    template <class D>
    static libos::fs::Result<void> format(D& device, std::span<std::byte> memory) {
        return Fs::format(device, memory);
    }
    template <class D>
    static libos::fs::Result<std::uint64_t> recover(D&, std::span<std::byte>) {
        return 0;
    }
    template <class D>
    static libos::fs::Result<std::uint64_t> repair(D& device, std::span<std::byte> memory) {
        Report report;
        const auto done = Fs::check(device, memory, report, true);
        if (!done) return libos::fs::error(done.error());
        return report.repaired;
    }
    template <class D>
    static std::string check(D& device, std::span<std::byte> memory) {
        Report report;
        const auto checked = Fs::check(device, memory, report, false);
        if (!checked) return "error " + std::to_string(static_cast<int>(checked.error()));
        if (report.problems == 0) return {};
        return std::string{describe(report.findings[0].problem)};
    }
};

struct CofsFormat : OwnFormat<libos::fs::cofs::Cofs, libos::fs::cofs::CheckReport> {
    static constexpr std::string_view name = "cofs";
};

struct LogFormat : OwnFormat<libos::fs::log::Log, libos::fs::log::CheckReport> {
    static constexpr std::string_view name = "log";
};

namespace fat = libos::fs::fat;

/// A cache over a device, in the memory given.
template <class D>
struct Below {
    static constexpr std::uint32_t slots = 64;
    using Cache = libos::fs::cache::BlockCache<D>;

    Below(D& device, std::span<std::byte> memory)
        : arena{memory}, cache{device, arena, slots}, blocks{cache} {}

    kernel::base::Arena arena;
    Cache cache;
    libos::fs::cache::Blocks blocks;
};

inline constexpr fat::Fat::Options fat_options{.inodes = 64};

template <class D>
class FatOn : Below<D>, public fat::Fat {
public:
    FatOn(D& device, std::span<std::byte> memory)
        : Below<D>{device, memory}, Fat{this->blocks, this->arena, fat_options} {}
};

/// FAT has no answer to crashes but its check's repair, which therefore comes before each mount.
struct FatFormat {
    static constexpr std::string_view name = "fat";
    template <class D>
    using Type = FatOn<D>;

    static std::vector<std::byte> memory(std::uint64_t device_bytes, std::uint32_t block_size) {
        using Cache = libos::fs::cache::BlockCache<crash::CrashDevice>;
        return std::vector<std::byte>(Cache::bytes(64, block_size) +
                                      fat::Fat::bytes(fat_options) +
                                      fat::check_bytes(device_bytes, {}));
    }
    template <class D>
    static libos::fs::Result<void> format(D& device, std::span<std::byte> memory) {
        Below<D> below{device, memory};
        const auto made = fat::format(below.blocks, {});
        if (!made) return libos::fs::error(made.error());
        return {};
    }
    template <class D>
    static libos::fs::Result<std::uint64_t> recover(D& device, std::span<std::byte> memory) {
        return repair(device, memory);
    }
    template <class D>
    static libos::fs::Result<std::uint64_t> repair(D& device, std::span<std::byte> memory) {
        Below<D> below{device, memory};
        const auto done =
            fat::check(below.blocks, below.arena, {.repair = true},
                       {.context = nullptr, .tell = [](void*, const fat::Finding&) {}});
        if (!done) return libos::fs::error(done.error());
        if (const auto flushed = below.blocks.flush(); !flushed) {
            return libos::fs::error(flushed.error());
        }
        return done->repaired;
    }
    template <class D>
    static std::string check(D& device, std::span<std::byte> memory) {
        Below<D> below{device, memory};
        std::string words;
        const auto tell = [](void* context, const fat::Finding& finding) {
            auto& text = *static_cast<std::string*>(context);
            if (text.empty()) text = fat::text(finding.trouble);
        };
        const auto checked = fat::check(below.blocks, below.arena, {}, {&words, tell});
        if (!checked) return "error " + std::to_string(static_cast<int>(checked.error()));
        return words;
    }
};

}  // namespace sim::testbed::ace

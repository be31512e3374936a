// Volumes: a file system of the program's choice over an extent of a disk, with policies of its
// choice, and meters of what each kind of operation took and asked of the disk.
#pragma once

#include "libos/disk/extent_device.hpp"
#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "libos/fs/log/log.hpp"
#include "libos/load/histogram.hpp"
#include "libos/rt/program.hpp"

namespace scenarios::programs {

namespace fs = libos::fs;
namespace choice = libos::fs::choice;
using libos::disk::ExtentDevice;
using libos::rt::Environment;
using libos::rt::Parameter;
using libos::rt::ParameterKind;
using Memory = std::span<std::byte>;

// ---- arguments

// The names of a family, separated by spaces.
template <class Family>
struct NamesOf {
    static constexpr std::size_t size = [] {
        std::size_t bytes = 0;
        for (const auto& text : Family::texts) bytes += text.name.size() + 1;
        return bytes;
    }();
    static constexpr std::array<char, size> text = [] {
        std::array<char, size> all{};
        std::size_t at = 0;
        for (const auto& policy : Family::texts) {
            for (const char c : policy.name) all[at++] = c;
            all[at++] = ' ';
        }
        return all;
    }();
    static constexpr std::string_view value{text.data(), size - 1};
};

inline constexpr std::array volume_parameters{
    Parameter{"fs", ParameterKind::choice, "cofs", "the file system", 0, 0, "cofs log fat"},
    Parameter{"disk_blocks", ParameterKind::integer, "0",
              "blocks of 4 KiB of disk that init is to give it", 0, 1 << 24},
    Parameter{"cache", ParameterKind::integer, "256",
              "blocks of 4 KiB that the file system caches", 64, 65536},
    Parameter{"replacement", ParameterKind::policy, "lru", "which of them stay (not opt)"},
    Parameter{"write_back", ParameterKind::choice, "at-sync",
              "when changed blocks are written; log has its own way", 0, 0,
              NamesOf<choice::WriteBacks>::value},
    Parameter{"write_back_ms", ParameterKind::integer, "30000",
              "of update and aged: virtual ms", 1, 1'000'000},
    Parameter{"read_ahead", ParameterKind::choice, "doubling", "which blocks come along", 0, 0,
              NamesOf<choice::ReadAheads>::value},
    Parameter{"allocation", ParameterKind::choice, "default",
              "where new blocks go; default: the file system's own; log has its own way", 0, 0,
              "default colocate first-fit next-fit best-fit buddy groups near"},
    Parameter{"commit", ParameterKind::choice, "two-flushes", "of cofs: how it becomes durable", 0,
              0, "two-flushes one-flush"},
};

// A program's own parameters, and those of its volume.
template <std::size_t N>
constexpr auto with_volume(const Parameter (&own)[N]) {
    std::array<Parameter, N + volume_parameters.size()> all{};
    std::copy(own, own + N, all.begin());
    std::copy(volume_parameters.begin(), volume_parameters.end(), all.begin() + N);
    return all;
}

struct VolumeSetup {
    std::uint32_t cached = 0;
    choice::CacheChoices cache{};
    std::optional<choice::Index> allocation{};
    fs::cofs::Commit commit{};

    static VolumeSetup of(Environment& env) {
        const auto& given = env.arguments();
        VolumeSetup setup{.cached = static_cast<std::uint32_t>(given.integer("cache"))};
        const auto policy = libos::policy::AnyReplacement::find(given.text("replacement"));
        if (!policy) {
            env.say("replacement = ", given.text("replacement"), ": it needs the future");
            env.exit(libos::rt::exit_bad_arguments);
        }
        setup.cache.replacement = *policy;
        setup.cache.write_back = choice::WriteBacks::find(given.text("write_back")).value_or(0);
        setup.cache.read_ahead = choice::ReadAheads::find(given.text("read_ahead")).value_or(0);
        setup.cache.settings.age_ns =
            static_cast<std::uint64_t>(given.integer("write_back_ms")) * 1'000'000;
        setup.allocation = choice::Allocations::find(given.text("allocation"));
        if (given.text("commit") == "one-flush") setup.commit = fs::cofs::Commit::one_flush;
        return setup;
    }
};

// ---- the three file systems: how each is made and given its memory

// One that has a cache of its own.
template <class F>
struct OwnCache {
    using Fs = F;
    static std::size_t memory(std::uint64_t blocks, std::uint32_t cached) {
        return Fs::memory_needed(blocks, cached);
    }
    static fs::Result<void> format(ExtentDevice& device, Memory memory, std::uint32_t) {
        return Fs::format(device, memory);
    }
};

struct CofsVolume : OwnCache<fs::cofs::Cofs> {
    CofsVolume(ExtentDevice& device, Memory memory, const VolumeSetup& setup)
        : fs{device, memory,
             {.cache = setup.cache,
              .allocation = setup.allocation.value_or(fs::cofs::MountOptions{}.allocation),
              .commit = setup.commit}} {}
    Fs fs;
};

struct LogVolume : OwnCache<fs::log::Log> {
    LogVolume(ExtentDevice& device, Memory memory, const VolumeSetup& setup)
        : fs{device, memory, fs::log::MountOptions{.cache = setup.cache}} {}
    Fs fs;
};

struct FatVolume {
    using Fs = fs::fat::Fat;
    using Cache = fs::cache::BlockCache<ExtentDevice, libos::policy::AnyReplacement,
                                        choice::AnyWriteBack, choice::AnyReadAhead>;
    static constexpr std::uint32_t inodes = 1024;
    static std::size_t memory(std::uint64_t, std::uint32_t cached) {
        return Cache::bytes(cached, kernel::abi::page_size) + Fs::bytes({.inodes = inodes});
    }
    static fs::Result<void> format(ExtentDevice& device, Memory memory, std::uint32_t cached) {
        kernel::base::Arena arena{memory};
        Cache cache{device, arena, cached};
        fs::cache::Blocks blocks{cache};
        const auto made = fs::fat::format(blocks, {.serial = 1});
        if (!made.has_value()) return fs::error(made.error());
        return blocks.flush();
    }
    FatVolume(ExtentDevice& device, Memory memory, const VolumeSetup& setup)
        : arena{memory},
          cache{device, arena, setup.cached, setup.cache},
          fs{fs::cache::Blocks{cache}, arena,
             {.inodes = inodes,
              .allocation = setup.allocation.value_or(Fs::Options{}.allocation)}} {}
    kernel::base::Arena arena;
    Cache cache;
    Fs fs;
};

// A file system made and mounted, in memory of its own. What fails ends the program.
template <class Format>
class Volume {
public:
    using Fs = typename Format::Fs;

    Volume(Environment& env, ExtentDevice& device, const VolumeSetup& setup)
        : env_{env}, device_{device}, setup_{setup} {
        const std::size_t bytes = Format::memory(device.blocks(), setup.cached);
        memory_ = env.heap().array<std::byte>(bytes);
        if (memory_.empty()) env.panic("no memory for the file system: ", bytes, " bytes");
    }

    void format() { must(Format::format(device_, memory_, setup_.cached), "format"); }
    void mount() {
        mounted_ = new (room_) Format{device_, memory_, setup_};
        take_time();
        must(fs().mount(), "mount");
    }
    void unmount() { must(fs().unmount(), "unmount"); }
    // Of what is changed from now on.
    void take_time() {
        const std::uint64_t now = env_.now().value;
        fs().set_time({static_cast<std::int64_t>(now / 1'000'000'000),
                       static_cast<std::uint32_t>(now % 1'000'000'000)});
    }

    Fs& fs() { return mounted_->fs; }
    ExtentDevice& device() { return device_; }

    template <class T>
    T must(const fs::Result<T>& result, std::string_view what) {
        if (!result.has_value()) {
            env_.panic(what, ": error ", static_cast<std::uint32_t>(result.error()));
        }
        if constexpr (!std::is_void_v<T>) return *result;
    }

private:
    Environment& env_;
    ExtentDevice& device_;
    VolumeSetup setup_;
    Memory memory_;
    Format* mounted_ = nullptr;
    alignas(64) std::byte room_[sizeof(Format)];
};

// ---- what operations take

// Operations of one kind: their time, their latencies, and what they asked of the disk.
class Meter {
public:
    Meter(Environment& env, ExtentDevice& device)
        : env_{env}, device_{device}, arena_{memory_of(env)}, latencies_{arena_, precision} {}

    // One operation: `use` says nothing.
    template <class Use>
    void time(Use use) {
        const ExtentDevice::Counts before = device_.counts();
        const std::uint64_t begun = env_.now().value;
        use();
        const std::uint64_t span = env_.now().value - begun;
        latencies_.record(span);
        time_ns_ += span;
        const ExtentDevice::Counts& after = device_.counts();
        counts_.reads += after.reads - before.reads;
        counts_.writes += after.writes - before.writes;
        counts_.flushes += after.flushes - before.flushes;
        counts_.blocks_read += after.blocks_read - before.blocks_read;
        counts_.blocks_written += after.blocks_written - before.blocks_written;
    }

    // A result line. `bytes`: how many the operations read or wrote for their caller.
    void report(std::string_view what, std::uint64_t bytes) {
        const std::uint64_t ops = latencies_.count();
        libos::rt::JsonLine line;
        line.add("phase", what)
            .add("fs", env_.arguments().text("fs"))
            .add("ops", ops)
            .add("time_ns", time_ns_)
            .add("ops_per_s", ops * std::uint64_t{1'000'000'000} / (time_ns_ + 1))
            .add("mb_per_s", bytes * std::uint64_t{1'000} / (time_ns_ + 1))
            .add("p50_us", latencies_.percentile(500'000) / 1000)
            .add("p99_us", latencies_.percentile(990'000) / 1000)
            .add("reads", counts_.reads)
            .add("blocks_read", counts_.blocks_read)
            .add("writes", counts_.writes)
            .add("blocks_written", counts_.blocks_written)
            .add("flushes", counts_.flushes);
        // Blocks of the disk for 100 blocks of the caller's.
        const std::uint64_t wanted = bytes / kernel::abi::page_size + 1;
        line.add("read_%", counts_.blocks_read * 100 / wanted)
            .add("written_%", counts_.blocks_written * 100 / wanted);
        env_.report(line);
    }

private:
    static constexpr unsigned precision = 5;

    static Memory memory_of(Environment& env) {
        const Memory memory =
            env.heap().array<std::byte>(libos::load::Histogram::bytes(precision));
        if (memory.empty()) env.panic("no memory for a histogram");
        return memory;
    }

    Environment& env_;
    ExtentDevice& device_;
    kernel::base::Arena arena_;
    libos::load::Histogram latencies_;
    std::uint64_t time_ns_ = 0;
    ExtentDevice::Counts counts_{};
};

// Calls use.template operator()<Format>(device, setup) with the format that the arguments name.
template <class Use>
int on_volume(Environment& env, Use use) {
    const VolumeSetup setup = VolumeSetup::of(env);
    ExtentDevice device{env};
    env.must(device.begin(kernel::abi::slot_extent), "using the extent (argument disk_blocks)");
    const std::string_view name = env.arguments().text("fs");
    if (name == "log") return use.template operator()<LogVolume>(device, setup);
    if (name == "fat") return use.template operator()<FatVolume>(device, setup);
    return use.template operator()<CofsVolume>(device, setup);
}

// "d12", "f345".
inline std::string_view name_of(char kind, std::uint32_t number, char (&into)[12]) {
    into[0] = kind;
    const auto end = std::to_chars(into + 1, into + sizeof into, number).ptr;
    return {into, static_cast<std::size_t>(end - into)};
}

// Bytes that differ for each `number`, and from place to place.
inline void fill(Memory bytes, std::uint32_t number) {
    std::uint32_t state = number * 2654435761u + 1;
    for (std::byte& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::byte>(state >> 24);
    }
}

}  // namespace scenarios::programs

// files: many small files on a file system of this libOS's own choice, over an extent of a disk.
//
// Makes the file system, creates the files, syncs, mounts it anew, reads all of them and compares
// each byte, deletes them, and unmounts; how long each phase took and what it asked of the disk is
// the result. After Rosenblum and Ousterhout (The Design and Implementation of a Log-Structured
// File System, TOCS 1992, section 5.1). With `phase` only a part of it: what one run wrote, the
// next one finds where the disk is kept. Exit code 1: something was not as it was written.
#include "libos/disk/extent_device.hpp"
#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "libos/fs/log/log.hpp"
#include "libos/rt/program.hpp"

namespace {

using libos::disk::ExtentDevice;
using libos::fs::Inode;
using libos::rt::Environment;
using libos::rt::ParameterKind;
namespace fs = libos::fs;
using Memory = std::span<std::byte>;

constexpr libos::rt::Parameter parameters[] = {
    {"fs", ParameterKind::choice, "cofs", "the file system", 0, 0, "cofs log fat"},
    {"disk_blocks", ParameterKind::integer, "0",
     "blocks of 4 KiB of disk that init is to give it", 0, 1 << 24},
    {"files", ParameterKind::integer, "500", "how many files", 1, 100000},
    {"bytes", ParameterKind::integer, "1024", "of each file", 0, 1 << 16},
    {"per_directory", ParameterKind::integer, "100", "files of each directory", 1, 10000},
    {"sync_every", ParameterKind::integer, "0", "files between two syncs; 0: only at the end", 0,
     100000},
    {"cache", ParameterKind::integer, "256", "blocks of 4 KiB that the file system caches", 64,
     65536},
    {"phase", ParameterKind::choice, "all", "what to do: everything, or a part of it", 0, 0,
     "all write read"},
};

// ---- the three file systems: how each is made and given its memory

struct Cofs {
    using Fs = fs::cofs::Cofs;
    static std::size_t memory(std::uint64_t blocks, std::uint32_t cached) {
        return Fs::memory_needed(blocks, cached);
    }
    static fs::Result<void> format(ExtentDevice& device, Memory memory, std::uint32_t) {
        return Fs::format(device, memory);
    }
    Cofs(ExtentDevice& device, Memory memory, std::uint32_t) : fs{device, memory} {}
    Fs fs;
};

struct Log {
    using Fs = fs::log::Log;
    static std::size_t memory(std::uint64_t blocks, std::uint32_t cached) {
        return Fs::memory_needed(blocks, cached);
    }
    static fs::Result<void> format(ExtentDevice& device, Memory memory, std::uint32_t) {
        return Fs::format(device, memory);
    }
    Log(ExtentDevice& device, Memory memory, std::uint32_t) : fs{device, memory} {}
    Fs fs;
};

struct Fat {
    using Fs = fs::fat::Fat;
    using Cache = fs::cache::BlockCache<ExtentDevice>;
    static constexpr Fs::Options options{.inodes = 1024};
    static std::size_t memory(std::uint64_t, std::uint32_t cached) {
        return Cache::bytes(cached, kernel::abi::page_size) + Fs::bytes(options);
    }
    static fs::Result<void> format(ExtentDevice& device, Memory memory, std::uint32_t cached) {
        kernel::base::Arena arena{memory};
        Cache cache{device, arena, cached};
        fs::cache::Blocks blocks{cache};
        const auto made = fs::fat::format(blocks, {.serial = 1});
        if (!made.has_value()) return fs::error(made.error());
        return blocks.flush();
    }
    Fat(ExtentDevice& device, Memory memory, std::uint32_t cached)
        : arena{memory},
          cache{device, arena, cached},
          fs{fs::cache::Blocks{cache}, arena, options} {}
    kernel::base::Arena arena;
    Cache cache;
    Fs fs;
};

// ---- the work

struct Shape {
    std::uint32_t files, bytes, per_directory, sync_every;
    std::uint32_t directories() const { return (files + per_directory - 1) / per_directory; }
};

// "d12", "f345".
std::string_view name_of(char kind, std::uint32_t number, char (&into)[12]) {
    into[0] = kind;
    const auto end = std::to_chars(into + 1, into + sizeof into, number).ptr;
    return {into, static_cast<std::size_t>(end - into)};
}

// The bytes of file `number`: different in each, and in each place.
void fill(Memory bytes, std::uint32_t number) {
    std::uint32_t state = number * 2654435761u + 1;
    for (std::byte& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::byte>(state >> 24);
    }
}

template <class Format>
class Work {
public:
    using Fs = typename Format::Fs;

    Work(Environment& env, ExtentDevice& device, const Shape& shape, Memory memory,
         std::uint32_t cached)
        : env_{env}, device_{device}, shape_{shape}, memory_{memory}, cached_{cached},
          bytes_{env.heap().array<std::byte>(shape.bytes + 1)},
          found_{env.heap().array<std::byte>(shape.bytes + 1)} {
        if (found_.empty() || bytes_.empty()) env.panic("no memory for a file's bytes");
    }

    void format() { must(Format::format(device_, memory_, cached_), "format"); }

    void create() {
        const auto volume = mounted("create");
        Fs& fs = volume.format->fs;
        for (std::uint32_t i = 0; i < shape_.files; ++i) {
            const Inode directory = directory_of(fs, i, true);
            char name[12];
            const Inode file = must(fs.create(directory, name_of('f', i, name), {}), "create");
            fill(bytes_.first(shape_.bytes), i);
            const auto written = must(fs.write(file, 0, bytes_.first(shape_.bytes)), "write");
            if (written != shape_.bytes) env_.panic("the disk is full after ", i, " files");
            if (shape_.sync_every != 0 && (i + 1) % shape_.sync_every == 0) {
                must(fs.sync(), "sync");
            }
        }
        must(fs.unmount(), "unmount");
        end(volume);
    }

    // How many files are not what was written.
    std::uint32_t read() {
        const auto volume = mounted("read");
        Fs& fs = volume.format->fs;
        std::uint32_t wrong = 0;
        for (std::uint32_t i = 0; i < shape_.files; ++i) {
            char name[12];
            const auto file = fs.lookup(directory_of(fs, i, false), name_of('f', i, name));
            fill(bytes_.first(shape_.bytes), i);
            const auto size = file.has_value() ? fs.read(*file, 0, found_)
                                               : fs::Result<std::size_t>{fs::error(file.error())};
            const bool same = size.has_value() && *size == shape_.bytes &&
                              __builtin_memcmp(found_.data(), bytes_.data(), shape_.bytes) == 0;
            wrong += same ? 0u : 1u;
        }
        must(fs.unmount(), "unmount");
        end(volume);
        return wrong;
    }

    void remove() {
        const auto volume = mounted("delete");
        Fs& fs = volume.format->fs;
        for (std::uint32_t i = 0; i < shape_.files; ++i) {
            char name[12];
            must(fs.unlink(directory_of(fs, i, false), name_of('f', i, name)), "unlink");
        }
        must(fs.unmount(), "unmount");
        end(volume);
    }

private:
    struct Mounted {
        std::string_view phase;
        Format* format;
        ExtentDevice::Counts before;
        std::uint64_t begun;
    };

    template <class T>
    T must(const fs::Result<T>& result, std::string_view what) {
        if (!result.has_value()) {
            env_.panic(what, ": error ", static_cast<std::uint32_t>(result.error()));
        }
        if constexpr (!std::is_void_v<T>) return *result;
    }

    Mounted mounted(std::string_view phase) {
        Mounted made{phase, nullptr, device_.counts(), env_.now().value};
        made.format = new (room_) Format{device_, memory_, cached_};
        must(made.format->fs.mount(), "mount");
        made.format->fs.set_time({static_cast<std::int64_t>(made.begun / 1'000'000'000),
                                  static_cast<std::uint32_t>(made.begun % 1'000'000'000)});
        return made;
    }

    Inode directory_of(Fs& fs, std::uint32_t file, bool make) {
        const std::uint32_t number = file / shape_.per_directory;
        if (number == directory_number_ && file % shape_.per_directory != 0) return directory_;
        char text[12];
        const std::string_view name = name_of('d', number, text);
        directory_number_ = number;
        directory_ = make ? must(fs.make_directory(fs.root(), name, {}), "make_directory")
                          : must(fs.lookup(fs.root(), name), "lookup");
        return directory_;
    }

    void end(const Mounted& mounted) {
        const auto& now = device_.counts();
        const std::uint64_t span = env_.now().value - mounted.begun;
        libos::rt::JsonLine line;
        line.add("phase", mounted.phase)
            .add("fs", env_.arguments().text("fs"))
            .add("files", shape_.files)
            .add("time_ns", span)
            .add("files_per_s", shape_.files * std::uint64_t{1'000'000'000} / (span + 1))
            .add("reads", now.reads - mounted.before.reads)
            .add("writes", now.writes - mounted.before.writes)
            .add("blocks_read", now.blocks_read - mounted.before.blocks_read)
            .add("blocks_written", now.blocks_written - mounted.before.blocks_written)
            .add("flushes", now.flushes - mounted.before.flushes);
        env_.report(line);
    }

    Environment& env_;
    ExtentDevice& device_;
    Shape shape_;
    Memory memory_;
    std::uint32_t cached_;
    Memory bytes_, found_;
    Inode directory_{};
    std::uint32_t directory_number_ = ~0u;
    alignas(64) std::byte room_[sizeof(Format)];
};

template <class Format>
int work(Environment& env, ExtentDevice& device, const Shape& shape) {
    const auto cached = static_cast<std::uint32_t>(env.arguments().integer("cache"));
    const std::size_t bytes = Format::memory(device.blocks(), cached);
    const Memory memory = env.heap().array<std::byte>(bytes);
    if (memory.empty()) env.panic("no memory for the file system: ", bytes, " bytes");
    static_assert(sizeof(Work<Format>) < (std::size_t{64} << 10), "it lies on the stack");
    Work<Format> work{env, device, shape, memory, cached};
    const std::string_view phase = env.arguments().text("phase");
    std::uint32_t wrong = 0;
    if (phase != "read") {
        work.format();
        work.create();
    }
    if (phase != "write") wrong = work.read();
    if (phase == "all") work.remove();
    if (wrong != 0) env.say("files: ", wrong, " of ", shape.files, " are not as written");
    return wrong == 0 ? 0 : 1;
}

int run(Environment& env) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint32_t>(env.arguments().integer(name));
    };
    ExtentDevice device{env};
    env.must(device.begin(kernel::abi::slot_extent), "using the extent (argument disk_blocks)");
    const Shape shape{number("files"), number("bytes"), number("per_directory"),
                      number("sync_every")};
    const std::string_view fs = env.arguments().text("fs");
    if (fs == "log") return work<Log>(env, device, shape);
    if (fs == "fat") return work<Fat>(env, device, shape);
    return work<Cofs>(env, device, shape);
}

}  // namespace

CHITIN_PROGRAM(files, "Many small files on a file system of its own, over an extent of a disk.",
               parameters, run)

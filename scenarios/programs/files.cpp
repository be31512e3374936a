// files: many small files on a file system of this libOS's own choice, over an extent of a disk.
//
// Makes the file system, creates the files, syncs, mounts it anew, reads all of them and compares
// each byte, deletes them, and unmounts; how long each phase took and what it asked of the disk is
// the result. After Rosenblum and Ousterhout (The Design and Implementation of a Log-Structured
// File System, TOCS 1992, section 5.1). With `phase` only a part of it: what one run wrote, the
// next one finds where the disk is kept. Exit code 1: something was not as it was written.
#include "scenarios/programs/volume.hpp"

namespace {

using namespace scenarios::programs;
using libos::fs::Inode;

constexpr Parameter own_parameters[] = {
    {"files", ParameterKind::integer, "500", "how many files", 1, 100000},
    {"bytes", ParameterKind::integer, "1024", "of each file", 0, 1 << 16},
    {"per_directory", ParameterKind::integer, "100", "files of each directory", 1, 10000},
    {"sync_every", ParameterKind::integer, "0", "files between two syncs; 0: only at the end", 0,
     100000},
    {"phase", ParameterKind::choice, "all", "what to do: everything, or a part of it", 0, 0,
     "all write read"},
};
constexpr auto parameters = with_volume(own_parameters);

// ---- the work

struct Shape {
    std::uint32_t files, bytes, per_directory, sync_every;
    std::uint32_t directories() const { return (files + per_directory - 1) / per_directory; }
};

template <class Format>
class Work {
public:
    using Fs = typename Format::Fs;

    Work(Environment& env, ExtentDevice& device, const Shape& shape, const VolumeSetup& setup)
        : env_{env}, device_{device}, shape_{shape}, volume_{env, device, setup},
          bytes_{env.heap().array<std::byte>(shape.bytes + 1)},
          found_{env.heap().array<std::byte>(shape.bytes + 1)} {
        if (found_.empty() || bytes_.empty()) env.panic("no memory for a file's bytes");
    }

    void format() { volume_.format(); }

    void create() {
        const auto mount = mounted("create");
        Fs& fs = volume_.fs();
        for (std::uint32_t i = 0; i < shape_.files; ++i) {
            const Inode directory = directory_of(fs, i, true);
            char name[12];
            const Inode file =
                volume_.must(fs.create(directory, name_of('f', i, name), {}), "create");
            fill(bytes_.first(shape_.bytes), i);
            const auto written =
                volume_.must(fs.write(file, 0, bytes_.first(shape_.bytes)), "write");
            if (written != shape_.bytes) env_.panic("the disk is full after ", i, " files");
            if (shape_.sync_every != 0 && (i + 1) % shape_.sync_every == 0) {
                volume_.must(fs.sync(), "sync");
            }
        }
        volume_.unmount();
        end(mount);
    }

    // How many files are not what was written.
    std::uint32_t read() {
        const auto mount = mounted("read");
        Fs& fs = volume_.fs();
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
        volume_.unmount();
        end(mount);
        return wrong;
    }

    void remove() {
        const auto mount = mounted("delete");
        Fs& fs = volume_.fs();
        for (std::uint32_t i = 0; i < shape_.files; ++i) {
            char name[12];
            volume_.must(fs.unlink(directory_of(fs, i, false), name_of('f', i, name)), "unlink");
        }
        volume_.unmount();
        end(mount);
    }

private:
    struct Mounted {
        std::string_view phase;
        ExtentDevice::Counts before;
        std::uint64_t begun;
    };

    Mounted mounted(std::string_view phase) {
        const Mounted mount{phase, device_.counts(), env_.now().value};
        volume_.mount();
        return mount;
    }

    Inode directory_of(Fs& fs, std::uint32_t file, bool make) {
        const std::uint32_t number = file / shape_.per_directory;
        if (number == directory_number_ && file % shape_.per_directory != 0) return directory_;
        char text[12];
        const std::string_view name = name_of('d', number, text);
        directory_number_ = number;
        directory_ = make ? volume_.must(fs.make_directory(fs.root(), name, {}), "make_directory")
                          : volume_.must(fs.lookup(fs.root(), name), "lookup");
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
    Volume<Format> volume_;
    Memory bytes_, found_;
    Inode directory_{};
    std::uint32_t directory_number_ = ~0u;
};

template <class Format>
int work(Environment& env, ExtentDevice& device, const VolumeSetup& setup) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint32_t>(env.arguments().integer(name));
    };
    const Shape shape{number("files"), number("bytes"), number("per_directory"),
                      number("sync_every")};
    static_assert(sizeof(Work<Format>) < (std::size_t{64} << 10), "it lies on the stack");
    Work<Format> work{env, device, shape, setup};
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
    return on_volume(env, [&]<class Format>(ExtentDevice& device, const VolumeSetup& setup) {
        return work<Format>(env, device, setup);
    });
}

}  // namespace

CHITIN_PROGRAM(files, "Many small files on a file system of its own, over an extent of a disk.",
               parameters, run)

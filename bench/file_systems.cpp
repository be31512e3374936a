// File systems: cofs as a library over memory, beside tmpfs and ext4 through Linux, in one run.
//
// The same operations on each: a name is made and the file opened and closed; a name is looked up
// and its attributes read; 4 KiB that are in memory are read; a name is removed; 4 KiB are
// overwritten and made durable. For the last one cofs stands on a file of the same ext4, with
// fdatasync as its flush; beside it an ext4 whose disk is such a file too (a loop device: only root
// can), and the ext4 below both. What is not there is skipped: no ext4 at the working folder, no
// tmpfs at /dev/shm, no right to mount.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "libos/fs/cofs/cofs.hpp"

namespace {

namespace fs = libos::fs;
using fs::cofs::Cofs;

constexpr std::uint32_t page = 4096;
constexpr std::uint64_t disk_blocks = 64 << 8;  // 64 MiB
constexpr std::uint64_t file_blocks = 8 << 8;   // of the file that cofs stands on
constexpr std::uint32_t files = 4096;           // made, then removed
constexpr std::uint64_t read_pages = 256;       // of the file that is read
constexpr std::uint64_t stride = 97;            // pages from one read to the next

std::string name_of(std::uint32_t number) { return "file" + std::to_string(number); }

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (std::uint32_t i = 0; i < files; ++i) all.push_back(name_of(i));
    return all;
}

// ---- what cofs stands on

class MemoryDisk {
public:
    [[nodiscard]] std::uint32_t block_size() const { return page; }
    [[nodiscard]] std::uint64_t blocks() const { return disk_blocks; }
    fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        std::memcpy(into.data(), bytes_.data() + first * page, into.size());
        return {};
    }
    fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        std::memcpy(bytes_.data() + first * page, from.data(), from.size());
        return {};
    }
    fs::Result<void> flush() { return {}; }

private:
    std::vector<std::byte> bytes_ = std::vector<std::byte>(disk_blocks * page);
};

class FileDisk {
public:
    explicit FileDisk(int file) : file_{file} {}
    [[nodiscard]] std::uint32_t block_size() const { return page; }
    [[nodiscard]] std::uint64_t blocks() const { return file_blocks; }
    fs::Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        const auto done = pread(file_, into.data(), into.size(), static_cast<off_t>(first * page));
        if (done != static_cast<ssize_t>(into.size())) return fs::error(fs::Error::io);
        return {};
    }
    fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        const auto done = pwrite(file_, from.data(), from.size(), static_cast<off_t>(first * page));
        if (done != static_cast<ssize_t>(from.size())) return fs::error(fs::Error::io);
        return {};
    }
    fs::Result<void> flush() {
        if (fdatasync(file_) != 0) return fs::error(fs::Error::io);
        return {};
    }

private:
    int file_;
};

// ---- the subjects: each answers whether all went well

class CofsSubject {
public:
    template <class Disk>
    explicit CofsSubject(Disk& disk, fs::cofs::Commit commit = {})
        : memory_(Cofs::memory_needed(disk_blocks, 8192)),
          well_{Cofs::format(disk, memory_).has_value()},
          fs_{disk, memory_, {.commit = commit}} {
        well_ = well_ && fs_.mount();
        root_ = fs_.root();
        if (const auto made = fs_.make_directory(root_, "d", {})) root_ = *made;
    }
    [[nodiscard]] bool well() const { return well_; }
    bool create(const std::string& name) {
        const auto made = fs_.create(root_, name, {});
        return made && fs_.open(*made) && fs_.close(*made);
    }
    bool stat(const std::string& name) {
        const auto found = fs_.lookup(root_, name);
        return found && fs_.attributes(*found);
    }
    bool unlink(const std::string& name) { return fs_.unlink(root_, name).has_value(); }
    // A file of read_pages pages, open.
    bool make_file() {
        const std::vector<std::byte> bytes(read_pages * page, std::byte{1});
        const auto made = fs_.create(root_, "data", {});
        if (!made || !fs_.open(*made) || !fs_.write(*made, 0, bytes)) return false;
        file_ = *made;
        return fs_.sync().has_value();
    }
    bool read(std::uint64_t at) {
        const auto done = fs_.read(file_, at * page, buffer_);
        benchmark::DoNotOptimize(buffer_);
        return done && *done == page;
    }
    bool overwrite(std::uint64_t at) {
        return fs_.write(file_, at * page, buffer_) && fs_.fsync(file_, false);
    }

private:
    std::vector<std::byte> memory_;
    bool well_;
    Cofs fs_;
    fs::Inode root_{};
    fs::Inode file_{};
    std::array<std::byte, page> buffer_{};
};

// A folder of its own in `place`, of the kind `magic`; removed at the end.
class LinuxSubject {
public:
    LinuxSubject(const std::string& place, long magic) {
        struct statfs info {};
        if (statfs(place.c_str(), &info) != 0 || info.f_type != magic) return;
        path_ = place + "/chitin_bench.XXXXXX";
        if (mkdtemp(path_.data()) == nullptr) return;
        folder_ = open(path_.c_str(), O_DIRECTORY | O_RDONLY);
    }
    ~LinuxSubject() {
        if (file_ >= 0) close(file_);
        if (folder_ < 0) return;
        unlinkat(folder_, "data", 0);
        for (std::uint32_t i = 0; i < files; ++i) unlinkat(folder_, name_of(i).c_str(), 0);
        close(folder_);
        rmdir(path_.c_str());
    }
    LinuxSubject(const LinuxSubject&) = delete;
    LinuxSubject& operator=(const LinuxSubject&) = delete;

    [[nodiscard]] bool well() const { return folder_ >= 0; }
    bool create(const std::string& name) {
        const int file = openat(folder_, name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0644);
        return file >= 0 && close(file) == 0;
    }
    bool stat(const std::string& name) {
        struct stat info {};
        return fstatat(folder_, name.c_str(), &info, 0) == 0;
    }
    bool unlink(const std::string& name) { return unlinkat(folder_, name.c_str(), 0) == 0; }
    bool make_file() {
        const std::vector<std::byte> bytes(read_pages * page, std::byte{1});
        file_ = openat(folder_, "data", O_CREAT | O_RDWR, 0644);
        return pwrite(file_, bytes.data(), bytes.size(), 0) ==
                   static_cast<ssize_t>(bytes.size()) &&
               fsync(file_) == 0;
    }
    bool read(std::uint64_t at) {
        const auto done = pread(file_, buffer_.data(), page, static_cast<off_t>(at * page));
        benchmark::DoNotOptimize(buffer_);
        return done == page;
    }
    bool overwrite(std::uint64_t at) {
        return pwrite(file_, buffer_.data(), page, static_cast<off_t>(at * page)) == page &&
               fsync(file_) == 0;
    }
    // A file for FileDisk. -1: none.
    int disk_file() {
        file_ = openat(folder_, "data", O_CREAT | O_RDWR, 0644);
        const std::vector<std::byte> bytes(1 << 20);
        for (std::uint64_t at = 0; at < file_blocks * page; at += bytes.size()) {
            if (pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at)) < 0) return -1;
        }
        return fsync(file_) == 0 ? file_ : -1;
    }

private:
    std::string path_;
    int folder_ = -1;
    int file_ = -1;
    std::array<std::byte, page> buffer_{};
};

struct Ext4 : LinuxSubject {
    Ext4() : LinuxSubject{".", EXT4_SUPER_MAGIC} {}
};
// A file of the working folder with an ext4 in it, mounted there; both are gone at the end.
class MountedFile {
public:
    MountedFile() {
        if (geteuid() != 0 || mkdtemp(folder_.data()) == nullptr) return;
        gone_ = false;
        run("truncate -s 64M image && mkfs.ext4 -q -F image && mkdir at && mount -o loop image at");
    }
    ~MountedFile() {
        if (gone_) return;
        run("umount at");
        if (run("rmdir at; rm image")) rmdir(folder_.c_str());
    }
    MountedFile(const MountedFile&) = delete;
    MountedFile& operator=(const MountedFile&) = delete;

    [[nodiscard]] std::string place() const { return folder_ + "/at"; }

private:
    bool run(const std::string& script) const {
        const std::string all =
            "PATH=$PATH:/sbin:/usr/sbin; exec >/dev/null 2>&1; cd " + folder_;
        return std::system((all + " && " + script).c_str()) == 0;
    }

    std::string folder_ = "./chitin_bench.XXXXXX";
    bool gone_ = true;
};
struct Ext4InFile : MountedFile, LinuxSubject {
    Ext4InFile() : LinuxSubject{place(), EXT4_SUPER_MAGIC} {}
};
struct Tmpfs : LinuxSubject {
    Tmpfs() : LinuxSubject{"/dev/shm", TMPFS_MAGIC} {}
};
struct CofsInMemory : MemoryDisk, CofsSubject {
    CofsInMemory() : CofsSubject{static_cast<MemoryDisk&>(*this)} {}
    using CofsSubject::read;
};
// On a file of ext4.
template <fs::cofs::Commit commit>
class CofsOnFile {
public:
    CofsOnFile() {
        const int file = below_.well() ? below_.disk_file() : -1;
        if (file < 0) return;
        disk_ = std::make_unique<FileDisk>(file);
        cofs_ = std::make_unique<CofsSubject>(*disk_, commit);
    }
    [[nodiscard]] bool well() const { return cofs_ && cofs_->well(); }
    bool make_file() { return cofs_->make_file(); }
    bool overwrite(std::uint64_t at) { return cofs_->overwrite(at); }

private:
    Ext4 below_;
    std::unique_ptr<FileDisk> disk_;
    std::unique_ptr<CofsSubject> cofs_;
};

// ---- the operations

template <class Subject>
std::unique_ptr<Subject> subject(benchmark::State& state) {
    auto made = std::make_unique<Subject>();
    if (made->well()) return made;
    state.SkipWithError("skipped: not there");
    return nullptr;
}

// `act` on each of the names in turn; after the last one `restore` on all, untimed.
template <class Act, class Restore>
void in_turn(benchmark::State& state, Act act, Restore restore) {
    const std::vector<std::string> all = names();
    std::uint32_t next = 0;
    for (auto _ : state) {
        if (!act(all[next])) return state.SkipWithError("the operation failed");
        if (++next < files) continue;
        state.PauseTiming();
        for (const std::string& name : all) restore(name);
        next = 0;
        state.ResumeTiming();
    }
}

template <class Subject>
void create(benchmark::State& state) {
    const auto made = subject<Subject>(state);
    if (!made) return;
    in_turn(state, [&](const std::string& name) { return made->create(name); },
            [&](const std::string& name) { made->unlink(name); });
}

template <class Subject>
void unlink_name(benchmark::State& state) {
    const auto made = subject<Subject>(state);
    if (!made) return;
    for (const std::string& name : names()) made->create(name);
    in_turn(state, [&](const std::string& name) { return made->unlink(name); },
            [&](const std::string& name) { made->create(name); });
}

template <class Subject>
void stat_name(benchmark::State& state) {
    const auto made = subject<Subject>(state);
    if (!made) return;
    for (const std::string& name : names()) made->create(name);
    in_turn(state, [&](const std::string& name) { return made->stat(name); },
            [](const std::string&) {});
}

template <class Subject>
void read_cached(benchmark::State& state) {
    const auto made = subject<Subject>(state);
    if (!made) return;
    if (!made->make_file()) return state.SkipWithError("no file to read");
    std::uint64_t at = 0;
    for (auto _ : state) {
        if (!made->read(at)) return state.SkipWithError("the read failed");
        at = (at + stride) % read_pages;
    }
}

template <class Subject>
void overwrite_sync(benchmark::State& state) {
    const auto made = subject<Subject>(state);
    if (!made) return;
    if (!made->make_file()) return state.SkipWithError("no file to overwrite");
    std::uint64_t at = 0;
    for (auto _ : state) {
        if (!made->overwrite(at)) return state.SkipWithError("fsync failed");
        at = (at + stride) % read_pages;
    }
}

}  // namespace

#define FILE_SYSTEM_ROW(operation, name)                                                       \
    BENCHMARK(operation)->Name("fs/" name)->Repetitions(5)->MinTime(0.05)->UseRealTime()        \
        ->ReportAggregatesOnly()

FILE_SYSTEM_ROW(create<CofsInMemory>, "create/cofs");
FILE_SYSTEM_ROW(create<Tmpfs>, "create/tmpfs");
FILE_SYSTEM_ROW(create<Ext4>, "create/ext4");
FILE_SYSTEM_ROW(stat_name<CofsInMemory>, "stat/cofs");
FILE_SYSTEM_ROW(stat_name<Tmpfs>, "stat/tmpfs");
FILE_SYSTEM_ROW(stat_name<Ext4>, "stat/ext4");
FILE_SYSTEM_ROW(read_cached<CofsInMemory>, "read_4k/cofs");
FILE_SYSTEM_ROW(read_cached<Tmpfs>, "read_4k/tmpfs");
FILE_SYSTEM_ROW(read_cached<Ext4>, "read_4k/ext4");
FILE_SYSTEM_ROW(unlink_name<CofsInMemory>, "unlink/cofs");
FILE_SYSTEM_ROW(unlink_name<Tmpfs>, "unlink/tmpfs");
FILE_SYSTEM_ROW(unlink_name<Ext4>, "unlink/ext4");
FILE_SYSTEM_ROW(overwrite_sync<CofsOnFile<fs::cofs::Commit::two_flushes>>, "fsync/cofs");
FILE_SYSTEM_ROW(overwrite_sync<Ext4InFile>, "fsync/ext4");
FILE_SYSTEM_ROW(overwrite_sync<CofsOnFile<fs::cofs::Commit::one_flush>>, "fsync_once/cofs");
FILE_SYSTEM_ROW(overwrite_sync<Ext4>, "fsync_below/ext4");

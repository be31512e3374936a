#include "sim/testbed/fs/fuse/operations.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "kernel/base/result.hpp"
#include "sim/testbed/fs/path.hpp"
#include "sim/testbed/fs/volume.hpp"

namespace sim::testbed::fs::fuse {

namespace {

Volume& volume() { return *static_cast<Volume*>(fuse_get_context()->private_data); }
AnyFileSystem& files() { return volume().fs(); }

/// For calls that change something: they give the time.
AnyFileSystem& files_now() {
    volume().take_time();
    return volume().fs();
}

int number(Error error) { return -static_cast<int>(error); }
int answer(const Result<void>& result) { return result ? 0 : number(result.error()); }
int answer(const Result<std::size_t>& result) {
    return result ? static_cast<int>(*result) : number(result.error());
}

Result<Inode> inode_at(const char* path) { return find(files(), path, LastLink::keep); }

/// Of an open file its number is known; its path may be gone.
Result<Inode> inode_of(const char* path, const fuse_file_info* info) {
    if (info != nullptr && info->fh != 0) return Inode{info->fh};
    if (path == nullptr) return libos::fs::error(Error::stale);
    return inode_at(path);
}

Creation creation(mode_t mode) {
    const fuse_context& caller = *fuse_get_context();
    return {.mode = static_cast<std::uint16_t>(mode & 07777),
            .user = caller.uid,
            .group = caller.gid};
}

timespec to_timespec(Timestamp time) {
    return {.tv_sec = time.seconds, .tv_nsec = static_cast<long>(time.nanoseconds)};
}

mode_t type_bits(Kind kind) {
    switch (kind) {
        case Kind::file: return S_IFREG;
        case Kind::directory: return S_IFDIR;
        case Kind::symlink: break;
    }
    return S_IFLNK;
}

void fill(struct stat& into, const Attributes& from) {
    into = {};
    into.st_ino = static_cast<ino_t>(from.inode);
    into.st_mode = type_bits(from.kind) | from.mode;
    into.st_nlink = from.links;
    into.st_uid = from.user;
    into.st_gid = from.group;
    into.st_size = static_cast<off_t>(from.size);
    into.st_blocks = static_cast<blkcnt_t>(from.blocks);
    into.st_blksize = 4096;
    into.st_atim = to_timespec(from.accessed);
    into.st_mtim = to_timespec(from.modified);
    into.st_ctim = to_timespec(from.changed);
}

void* begin(fuse_conn_info*, fuse_config* config) {
    // What is open and loses its name is hidden by libfuse under another until it is closed: the
    // host asks for attributes without saying which open file it means.
    config->use_ino = 1;  // the format's numbers are shown
    config->nullpath_ok = 1;
    // To the host each path is a file of its own: it must not remember what another name of the
    // same file, by link or by case, has changed since.
    config->attr_timeout = 0;
    config->entry_timeout = 0;
    return &volume();
}

int get_attributes(const char* path, struct stat* into, fuse_file_info* info) {
    const auto done = [&]() -> Result<void> {
        fill(*into, TRY(files().attributes(TRY(inode_of(path, info)))));
        return {};
    }();
    return answer(done);
}

int read_link(const char* path, char* into, std::size_t size) {
    const auto target = [&]() -> Result<std::string> {
        return link_text(files(), TRY(inode_at(path)));
    }();
    if (!target) return number(target.error());
    const std::size_t length = std::min(target->size(), size - 1);
    into[target->copy(into, length)] = '\0';
    return 0;
}

int make_directory(const char* path, mode_t mode) {
    const auto made = [&]() -> Result<void> {
        const Place place = TRY(find_place(files(), path));
        TRY(files_now().make_directory(place.directory, place.name, creation(mode)));
        return {};
    }();
    return answer(made);
}

int unlink(const char* path) {
    const auto done = [&]() -> Result<void> {
        const Place place = TRY(find_place(files(), path));
        return files_now().unlink(place.directory, place.name);
    }();
    return answer(done);
}

int remove_directory(const char* path) {
    const auto done = [&]() -> Result<void> {
        const Place place = TRY(find_place(files(), path));
        return files_now().remove_directory(place.directory, place.name);
    }();
    return answer(done);
}

int symlink(const char* text, const char* path) {
    const auto made = [&]() -> Result<void> {
        const Place place = TRY(find_place(files(), path));
        TRY(files_now().symlink(place.directory, place.name, text, creation(0777)));
        return {};
    }();
    return answer(made);
}

int rename(const char* from, const char* to, unsigned flags) {
    constexpr unsigned keep_target = 1;  // RENAME_NOREPLACE
    if ((flags & ~keep_target) != 0) return number(Error::invalid);
    const auto done = [&]() -> Result<void> {
        const Place old = TRY(find_place(files(), from));
        const Place fresh = TRY(find_place(files(), to));
        return files_now().rename(old.directory, old.name, fresh.directory, fresh.name,
                                  (flags & keep_target) == 0);
    }();
    return answer(done);
}

int link(const char* from, const char* to) {
    const auto done = [&]() -> Result<void> {
        const Place place = TRY(find_place(files(), to));
        return files_now().link(TRY(inode_at(from)), place.directory, place.name);
    }();
    return answer(done);
}

int change(const char* path, const fuse_file_info* info, const AttributeChange& change) {
    const auto done = [&]() -> Result<void> {
        return files_now().set_attributes(TRY(inode_of(path, info)), change);
    }();
    return answer(done);
}

int change_mode(const char* path, mode_t mode, fuse_file_info* info) {
    AttributeChange to;
    to.has_mode = true;
    to.mode = static_cast<std::uint16_t>(mode & 07777);
    return change(path, info, to);
}

int change_owner(const char* path, uid_t user, gid_t group, fuse_file_info* info) {
    const auto inode = inode_of(path, info);
    if (!inode) return number(inode.error());
    const auto known = files().attributes(*inode);
    if (!known) return number(known.error());
    AttributeChange to;
    to.has_owner = true;
    to.user = user == static_cast<uid_t>(-1) ? known->user : user;
    to.group = group == static_cast<gid_t>(-1) ? known->group : group;
    return change(path, info, to);
}

int change_times(const char* path, const timespec times[2], fuse_file_info* info) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const auto chosen = [&](const timespec& time) {
        const timespec& taken = time.tv_nsec == UTIME_NOW ? now : time;
        return Timestamp{taken.tv_sec, static_cast<std::uint32_t>(taken.tv_nsec)};
    };
    AttributeChange to;
    to.has_accessed = times[0].tv_nsec != UTIME_OMIT;
    to.has_modified = times[1].tv_nsec != UTIME_OMIT;
    if (to.has_accessed) to.accessed = chosen(times[0]);
    if (to.has_modified) to.modified = chosen(times[1]);
    return change(path, info, to);
}

int truncate(const char* path, off_t size, fuse_file_info* info) {
    const auto done = [&]() -> Result<void> {
        return files_now().truncate(TRY(inode_of(path, info)), static_cast<std::uint64_t>(size));
    }();
    return answer(done);
}

int open(const char* path, fuse_file_info* info) {
    const auto done = [&]() -> Result<void> {
        const Inode inode = TRY(inode_at(path));
        TRY(files().open(inode));
        info->fh = static_cast<std::uint64_t>(inode);
        return {};
    }();
    return answer(done);
}

int create(const char* path, mode_t mode, fuse_file_info* info) {
    const auto done = [&]() -> Result<void> {
        const Place place = TRY(find_place(files(), path));
        const Inode inode =
            TRY(files_now().create(place.directory, place.name, creation(mode)));
        TRY(files().open(inode));
        info->fh = static_cast<std::uint64_t>(inode);
        return {};
    }();
    return answer(done);
}

int release(const char*, fuse_file_info* info) { return answer(files().close(Inode{info->fh})); }

int read(const char* path, char* into, std::size_t size, off_t offset, fuse_file_info* info) {
    const auto got = [&]() -> Result<std::size_t> {
        return files().read(TRY(inode_of(path, info)), static_cast<std::uint64_t>(offset),
                            std::as_writable_bytes(std::span{into, size}));
    }();
    return answer(got);
}

int write(const char* path, const char* from, std::size_t size, off_t offset,
          fuse_file_info* info) {
    const auto put = [&]() -> Result<std::size_t> {
        return files_now().write(TRY(inode_of(path, info)), static_cast<std::uint64_t>(offset),
                                 std::as_bytes(std::span{from, size}));
    }();
    return answer(put);
}

int sync(const char* path, int data_only, fuse_file_info* info) {
    const auto done = [&]() -> Result<void> {
        return files().fsync(TRY(inode_of(path, info)), data_only != 0);
    }();
    return answer(done);
}

int sync_directory(const char*, int, fuse_file_info*) { return answer(files().sync()); }

int space(const char*, struct statvfs* into) {
    const auto info = files().space();
    if (!info) return number(info.error());
    *into = {};
    into->f_bsize = into->f_frsize = info->block_size;
    into->f_blocks = info->blocks;
    into->f_bfree = into->f_bavail = info->blocks_free;
    into->f_files = info->files;
    into->f_ffree = into->f_favail = info->files_free;
    into->f_namemax = info->name_max;
    return 0;
}

int list(const char* path, void* into, fuse_fill_dir_t fill_in, off_t, fuse_file_info* info,
         fuse_readdir_flags) {
    const auto done = [&]() -> Result<void> {
        const Inode directory = TRY(inode_of(path, info));
        constexpr auto plain = static_cast<fuse_fill_dir_flags>(0);
        fill_in(into, ".", nullptr, 0, plain);
        fill_in(into, "..", nullptr, 0, plain);
        for (std::uint64_t position = 0;;) {
            const auto entry = files().entry(directory, position);
            if (!entry && entry.error() == Error::no_entry) return {};
            const Entry one = TRY(entry);
            struct stat facts {};
            facts.st_ino = static_cast<ino_t>(one.inode);
            facts.st_mode = type_bits(one.kind);
            fill_in(into, std::string{one.name}.c_str(), &facts, 0, plain);
            position = one.next;
        }
    }();
    return answer(done);
}

int open_directory(const char* path, fuse_file_info* info) {
    const auto inode = inode_at(path);
    if (!inode) return number(inode.error());
    info->fh = static_cast<std::uint64_t>(*inode);
    return 0;
}

/// Names under "system." mean things to the host (access lists), and would only be words here.
Result<void> may_stand(std::string_view name) {
    if (name.starts_with("system.")) return libos::fs::error(Error::not_supported);
    return {};
}

int get_extended(const char* path, const char* name, char* into, std::size_t size) {
    const auto got = [&]() -> Result<std::size_t> {
        TRY(may_stand(name));
        return files().get_attribute(TRY(inode_at(path)), name,
                                     std::as_writable_bytes(std::span{into, size}));
    }();
    return answer(got);
}

int list_extended(const char* path, char* into, std::size_t size) {
    const auto got = [&]() -> Result<std::size_t> {
        return files().list_attributes(TRY(inode_at(path)),
                                       std::as_writable_bytes(std::span{into, size}));
    }();
    return answer(got);
}

int set_extended(const char* path, const char* name, const char* from, std::size_t size, int) {
    const auto done = [&]() -> Result<void> {
        TRY(may_stand(name));
        return files_now().set_attribute(TRY(inode_at(path)), name,
                                         std::as_bytes(std::span{from, size}));
    }();
    return answer(done);
}

int remove_extended(const char* path, const char* name) {
    const auto done = [&]() -> Result<void> {
        return files_now().remove_attribute(TRY(inode_at(path)), name);
    }();
    return answer(done);
}

}  // namespace

fuse_operations operations() {
    fuse_operations all{};
    all.init = begin;
    all.getattr = get_attributes;
    all.readlink = read_link;
    all.mkdir = make_directory;
    all.unlink = unlink;
    all.rmdir = remove_directory;
    all.symlink = symlink;
    all.rename = rename;
    all.link = link;
    all.chmod = change_mode;
    all.chown = change_owner;
    all.truncate = truncate;
    all.open = open;
    all.create = create;
    all.release = release;
    all.read = read;
    all.write = write;
    all.fsync = sync;
    all.fsyncdir = sync_directory;
    all.statfs = space;
    all.opendir = open_directory;
    all.readdir = list;
    all.getxattr = get_extended;
    all.listxattr = list_extended;
    all.setxattr = set_extended;
    all.removexattr = remove_extended;
    all.utimens = change_times;
    return all;
}

}  // namespace sim::testbed::fs::fuse

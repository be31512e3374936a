#pragma once

/// The co-locating file system: README.md says the format and why a crash loses nothing.
///
/// Beyond the concept FileSystem: space within a file (allocate(), punch()), format(), check().
/// Beyond its errors: Error::io from every call after a failed superblock write, a failed flush or
/// a change that broke off half-way; mount() goes on from the last commit.
///
/// The object holds some 25 KiB; the cache and the space map lie in the memory given.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/fs/cofs/check/report.hpp"
#include "libos/fs/cofs/file/data.hpp"
#include "libos/fs/cofs/file/directory.hpp"
#include "libos/fs/cofs/file/inodes.hpp"
#include "libos/fs/cofs/store/store.hpp"
#include "libos/fs/file_system.hpp"
#include "libos/fs/posix/open_table.hpp"

namespace libos::fs::cofs {

struct FormatOptions {
    std::uint16_t mode = 0755;  ///< of the root
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    Timestamp now{};
    std::uint64_t salt = 0;
};

class Cofs {
public:
    /// Bytes of memory for a device of so many blocks of 4096 bytes, and so many of them cached.
    static std::size_t memory_needed(std::uint64_t blocks, std::uint32_t cached = 256);

    /// Device and memory outlive it; the more memory, the more is cached.
    template <BlockDevice D>
    Cofs(D& device, std::span<std::byte> memory, const MountOptions& options = {})
        : Cofs{DeviceRef{device}, memory, options} {}
    Cofs(DeviceRef device, std::span<std::byte> memory, const MountOptions& options);

    /// An empty file system on the device. Error::invalid: too small; Error::no_memory; Error::io.
    static Result<void> format(DeviceRef device, std::span<std::byte> memory,
                               const FormatOptions& options);
    template <BlockDevice D>
    static Result<void> format(D& device, std::span<std::byte> memory,
                               const FormatOptions& options = {}) {
        return format(DeviceRef{device}, memory, options);
    }

    /// Bytes of memory that check() is to be given.
    static std::size_t check_memory_needed(std::uint64_t blocks, std::uint32_t cached = 256);

    /// Reads everything on an unmounted device; with `repair` mends what can be mended without
    /// guessing, and gives up what cannot be read: a damaged node with all that lay below it.
    /// Damaged data are reported only. Error::corrupt: no superblock; Error::io: the device failed
    /// at a repair; Error::no_memory.
    static Result<void> check(DeviceRef device, std::span<std::byte> memory, CheckReport& report,
                              bool repair);
    template <BlockDevice D>
    static Result<void> check(D& device, std::span<std::byte> memory, CheckReport& report,
                              bool repair) {
        return check(DeviceRef{device}, memory, report, repair);
    }

    Result<void> mount();
    Result<void> unmount();
    void set_time(Timestamp now) {
        now_ = now;
        store_.set_time(clock_ns(now));
    }
    [[nodiscard]] Inode root() const { return Inode{root_number}; }
    Result<SpaceInfo> space();

    Result<Inode> lookup(Inode directory, std::string_view name);
    Result<Attributes> attributes(Inode inode);
    Result<void> set_attributes(Inode inode, const AttributeChange& change);
    Result<Entry> entry(Inode directory, std::uint64_t position);

    Result<Inode> create(Inode directory, std::string_view name, const Creation& made);
    Result<Inode> make_directory(Inode directory, std::string_view name, const Creation& made);
    Result<Inode> symlink(Inode directory, std::string_view name, std::string_view target,
                          const Creation& made);
    Result<std::size_t> read_link(Inode inode, std::span<std::byte> into);
    Result<void> link(Inode inode, Inode directory, std::string_view name);
    Result<void> unlink(Inode directory, std::string_view name);
    Result<void> remove_directory(Inode directory, std::string_view name);
    Result<void> rename(Inode from, std::string_view name, Inode to, std::string_view new_name,
                        bool replace);

    Result<void> open(Inode inode);
    Result<void> close(Inode inode);
    Result<std::size_t> read(Inode inode, std::uint64_t offset, std::span<std::byte> into);
    Result<std::size_t> write(Inode inode, std::uint64_t offset,
                              std::span<const std::byte> from);
    Result<void> truncate(Inode inode, std::uint64_t size);
    Result<void> fsync(Inode inode, bool data_only);
    Result<void> sync();

    /// Gives [offset, offset + bytes) blocks of zeros where there are holes; the size grows to
    /// cover it unless `keep_size`. Error::no_space before anything is given.
    Result<void> allocate(Inode inode, std::uint64_t offset, std::uint64_t bytes,
                          bool keep_size);
    /// [offset, offset + bytes) reads as zeros, its blocks are freed; the size stays.
    Result<void> punch(Inode inode, std::uint64_t offset, std::uint64_t bytes);

    Result<std::size_t> get_attribute(Inode inode, std::string_view name,
                                      std::span<std::byte> into);
    Result<void> set_attribute(Inode inode, std::string_view name,
                               std::span<const std::byte> value);
    Result<void> remove_attribute(Inode inode, std::string_view name);
    Result<std::size_t> list_attributes(Inode inode, std::span<std::byte> into);

private:
    struct Rename;

    Result<File> directory(Inode inode);
    Result<File> living_directory(Inode inode);
    Result<File> regular(Inode inode);
    void stamp(Body& body, bool modified) const;
    Body new_body(Kind kind, const Creation& made) const;
    Result<Inode> make(Inode directory, std::string_view name, std::string_view target,
                       const Body& body);
    Result<Inode> act_make(File& parent, Key at, std::string_view name, std::string_view target,
                           const Body& body);
    Result<void> act_link(File& file, File& parent, Key at, std::string_view name);
    Result<void> act_unlink(File& parent, const Found& found, std::string_view name);
    Result<void> drop_link(std::uint64_t number, const File* embedded);
    Result<void> drop_all(std::uint64_t number);
    Result<void> check_rename(Rename& rename);
    Result<void> act_rename(Rename& rename);
    Result<bool> inside(std::uint64_t number, std::uint64_t ancestor);
    Result<void> reclaim_orphans();
    Result<std::size_t> write_part(std::uint64_t number, std::uint64_t offset,
                                   std::span<const std::byte> from);
    Result<Key> attribute_at(std::uint64_t number, std::string_view name);

    Store store_;
    Inodes inodes_;
    Directory entries_;
    FileData data_;
    posix::OpenTable open_;
    Timestamp now_{};
    Result<void> built_;
    std::array<char, name_max> entry_name_{};
};

static_assert(FileSystem<Cofs>);

}  // namespace libos::fs::cofs

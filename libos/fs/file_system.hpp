#pragma once

/// The file-system family: one concept for fat, cofs and log.
///
/// Why by inode: paths, open files and descriptors are the caller's (a POSIX layer, a FUSE
/// server, `chitin ls`), once for all formats. Semantics and errors are POSIX's where POSIX has a
/// word; a format that cannot express a thing answers Error::not_supported and changes nothing.
///
/// What the caller promises: one call at a time; names are UTF-8 without '/' and NUL, not empty,
/// and neither "." nor ".." (a file system answers Error::invalid, and never trusts it).
/// What the file system promises: no heap (all memory is given at construction), no recursion
/// that a disk's content can drive, no call that does not end whatever the disk contains; an error
/// changes nothing that a caller could see, Error::io and Error::corrupt apart.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/fs/error.hpp"

namespace libos::fs {

/// A file's number: stays the same while the file exists and the file system is mounted.
enum class Inode : std::uint64_t {};

enum class Kind : std::uint8_t { file, directory, symlink };

/// Since 1970-01-01 00:00 UTC.
struct Timestamp {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;  ///< below 1e9
    bool operator==(const Timestamp&) const = default;
};

/// Nanoseconds of the same epoch, modulo 2^64: a clock for block caches.
constexpr std::uint64_t clock_ns(Timestamp time) {
    return static_cast<std::uint64_t>(time.seconds) * 1'000'000'000 + time.nanoseconds;
}

struct Attributes {
    Inode inode{};
    Kind kind = Kind::file;
    std::uint16_t mode = 0;    ///< the twelve permission bits
    std::uint32_t links = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint64_t size = 0;    ///< bytes
    std::uint64_t blocks = 0;  ///< units of 512 bytes that hold data
    Timestamp accessed{};
    Timestamp modified{};
    Timestamp changed{};
};

/// What set_attributes changes: what is flagged.
struct AttributeChange {
    bool has_mode = false, has_owner = false, has_accessed = false, has_modified = false;
    std::uint16_t mode = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    Timestamp accessed{};
    Timestamp modified{};
};

/// Who makes a file, and how.
struct Creation {
    std::uint16_t mode = 0644;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
};

struct SpaceInfo {
    std::uint64_t block_size = 0;  ///< bytes: the unit of the next two
    std::uint64_t blocks = 0;
    std::uint64_t blocks_free = 0;
    std::uint64_t files = 0;       ///< 0: no fixed number
    std::uint64_t files_free = 0;
    std::uint32_t name_max = 0;    ///< bytes
};

/// One entry of a directory. `name` is good until the next call.
struct Entry {
    std::string_view name;
    Inode inode{};
    Kind kind = Kind::file;
    std::uint64_t next = 0;  ///< the position to read from after this entry
};

/// `F::format(device, memory, options)` and `F::check(device, memory, report)` belong to a format
/// too; their options differ, so its own header says them.
template <class F>
concept FileSystem = requires(F& fs, Inode inode, Inode other, std::string_view name,
                              std::string_view text, std::uint64_t offset, const Creation& made,
                              std::span<std::byte> into, std::span<const std::byte> from,
                              const AttributeChange& change, Timestamp now, bool flag) {
    { fs.mount() } -> std::same_as<Result<void>>;
    /// Writes everything and marks the format clean. Only mount() may follow.
    { fs.unmount() } -> std::same_as<Result<void>>;
    /// The time that following calls give to what they change.
    { fs.set_time(now) } -> std::same_as<void>;
    { fs.root() } -> std::same_as<Inode>;
    { fs.space() } -> std::same_as<Result<SpaceInfo>>;

    { fs.lookup(inode, name) } -> std::same_as<Result<Inode>>;
    { fs.attributes(inode) } -> std::same_as<Result<Attributes>>;
    { fs.set_attributes(inode, change) } -> std::same_as<Result<void>>;
    /// The entry at or after `position` (0: the first; "." and ".." are not listed);
    /// Error::no_entry at the end. Entries that stay are seen exactly once.
    { fs.entry(inode, offset) } -> std::same_as<Result<Entry>>;

    { fs.create(inode, name, made) } -> std::same_as<Result<Inode>>;
    { fs.make_directory(inode, name, made) } -> std::same_as<Result<Inode>>;
    { fs.symlink(inode, name, text, made) } -> std::same_as<Result<Inode>>;
    { fs.read_link(inode, into) } -> std::same_as<Result<std::size_t>>;
    /// link(file, directory, name)
    { fs.link(inode, other, name) } -> std::same_as<Result<void>>;
    { fs.unlink(inode, name) } -> std::same_as<Result<void>>;
    { fs.remove_directory(inode, name) } -> std::same_as<Result<void>>;
    /// rename(from directory, name, to directory, new name, replace): POSIX rename(); without
    /// `replace` Error::exists where the new name is taken.
    { fs.rename(inode, name, other, text, flag) } -> std::same_as<Result<void>>;

    /// A file that is open outlives its last name until close(); calls nest.
    { fs.open(inode) } -> std::same_as<Result<void>>;
    { fs.close(inode) } -> std::same_as<Result<void>>;
    /// Bytes read: less than asked only at the end of the file.
    { fs.read(inode, offset, into) } -> std::same_as<Result<std::size_t>>;
    /// Bytes written: less than given only where the disk is full and something fitted.
    { fs.write(inode, offset, from) } -> std::same_as<Result<std::size_t>>;
    { fs.truncate(inode, offset) } -> std::same_as<Result<void>>;
    /// fsync(inode, data only): durable when it returns: the file's content, and with it what is
    /// needed to find it again.
    { fs.fsync(inode, flag) } -> std::same_as<Result<void>>;
    { fs.sync() } -> std::same_as<Result<void>>;

    /// Extended attributes: the bytes read, or the names each ended by NUL; an empty buffer asks
    /// for the size.
    { fs.get_attribute(inode, name, into) } -> std::same_as<Result<std::size_t>>;
    { fs.set_attribute(inode, name, from) } -> std::same_as<Result<void>>;
    { fs.remove_attribute(inode, name) } -> std::same_as<Result<void>>;
    { fs.list_attributes(inode, into) } -> std::same_as<Result<std::size_t>>;
};

}  // namespace libos::fs

#pragma once

/// The log-structured file system: README.md says the format and why a crash loses nothing.
///
/// Beyond the concept FileSystem: space within a file (allocate(), punch()), format(), check(),
/// statistics(). Beyond its errors: Error::io from every call after a failed checkpoint, a failed
/// flush or a change that broke off half-way; mount() goes on from the last commit.
///
/// The object holds some 25 KiB; all else lies in the memory given.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/fs/file_system.hpp"
#include "libos/fs/log/check/report.hpp"
#include "libos/fs/log/clean/cleaner.hpp"
#include "libos/fs/log/file/data.hpp"
#include "libos/fs/log/file/records.hpp"
#include "libos/fs/posix/name.hpp"
#include "libos/fs/posix/open_table.hpp"

namespace libos::fs::log {

struct FormatOptions {
    std::uint16_t mode = 0755;  ///< of the root
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    Timestamp now{};
    std::uint64_t salt = 0;
};

struct MountOptions {
    Cleaning cleaning = Cleaning::cost_benefit;
    choice::CacheChoices cache{};  ///< nothing in this cache is ever dirty: no write-back
};

class Log {
public:
    /// Bytes of memory for a device of so many blocks of 4096 bytes, and so many of them cached.
    static std::size_t memory_needed(std::uint64_t blocks, std::uint32_t cached = 256);

    /// Device and memory outlive it; the more memory, the more is cached.
    template <BlockDevice D>
    Log(D& device, std::span<std::byte> memory, const MountOptions& options = {})
        : Log{DeviceRef{device}, memory, options} {}
    Log(DeviceRef device, std::span<std::byte> memory, const MountOptions& options);

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

    /// Reads everything on an unmounted device. With `repair` it goes back to the newest state
    /// that is whole: the newest checkpoint without the commits after it, or the older checkpoint;
    /// and it mends the segment usage table. Error::corrupt: no state can be opened; Error::io;
    /// Error::no_memory.
    static Result<void> check(DeviceRef device, std::span<std::byte> memory, CheckReport& report,
                              bool repair);
    template <BlockDevice D>
    static Result<void> check(D& device, std::span<std::byte> memory, CheckReport& report,
                              bool repair) {
        return check(DeviceRef{device}, memory, report, repair);
    }

    Result<void> mount();
    Result<void> unmount();
    void set_time(Timestamp now) { now_ = now; }
    [[nodiscard]] Inode root() const { return Inode{root_index}; }
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

    /// What the log has written since mount().
    [[nodiscard]] const LogStatistics& statistics() { return store_.writer().statistics(); }

private:
    struct Rename;

    Result<void> build(std::uint32_t blocks, std::span<std::byte> memory);
    /// Room for an operation, or for the rest of one, which may add so many blocks.
    /// Error::no_space, Error::io.
    Result<void> begin(Effect effect, std::uint32_t blocks = 0, bool goes_on = false);
    Result<File> load(Inode inode);
    Result<File> directory(Inode inode);
    Result<File> living_directory(Inode inode);
    Result<File> regular(Inode inode);
    void stamp(Inode4k& node, bool modified) const;
    Inode4k new_node(Kind kind, const Creation& made) const;
    Result<Inode> make(Inode directory, std::string_view name, std::string_view target,
                       const Inode4k& node);
    Result<Inode> act_make(File& parent, std::uint64_t block, std::uint64_t number,
                           std::string_view name, std::string_view target, const Inode4k& node);
    Result<void> act_link(File& file, File& parent, std::uint64_t block, std::string_view name);
    Result<void> act_unlink(File& parent, const Record& found, std::string_view name);
    Result<void> drop_link(std::uint64_t number, Kind kind);
    Result<bool> empty(std::uint64_t number);
    Result<void> check_rename(Rename& rename);
    Result<void> act_rename(Rename& rename);
    Result<bool> inside(std::uint64_t number, std::uint64_t ancestor);
    Result<void> reclaim_orphans();
    Result<std::size_t> write_part(std::uint64_t number, std::uint64_t offset,
                                   std::span<const std::byte> from, bool goes_on);
    Result<void> act_set_attribute(File& file, std::string_view name,
                                   std::span<const std::byte> value, std::uint64_t block,
                                   const Records::Found& old);

    Store store_;
    Inodes inodes_;
    BlockMap map_;
    Records records_;
    FileData data_;
    Cleaner cleaner_;
    posix::OpenTable open_;
    Timestamp now_{};
    Result<void> built_;
    std::array<char, posix::name_max> entry_name_{};
};

static_assert(FileSystem<Log>);

}  // namespace libos::fs::log

#pragma once

/// The reference: a file system of the family without a disk, as plain as POSIX's words. What a
/// format does is compared with it, errors included.
///
/// Checks come in the order that libos/fs/cofs documents; files are sparse pages.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "libos/fs/file_system.hpp"

namespace tests::fs_model {

using namespace libos::fs;

class Reference {
public:
    Reference();

    Result<void> mount();
    Result<void> unmount() { return {}; }
    void set_time(Timestamp now) { now_ = now; }
    [[nodiscard]] Inode root() const { return Inode{1}; }
    Result<SpaceInfo> space() { return SpaceInfo{}; }

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
    Result<void> allocate(Inode inode, std::uint64_t offset, std::uint64_t bytes,
                          bool keep_size);
    Result<void> punch(Inode inode, std::uint64_t offset, std::uint64_t bytes);
    Result<void> fsync(Inode inode, bool data_only);
    Result<void> sync() { return {}; }
    Result<std::size_t> get_attribute(Inode inode, std::string_view name,
                                      std::span<std::byte> into);
    Result<void> set_attribute(Inode inode, std::string_view name,
                               std::span<const std::byte> value);
    Result<void> remove_attribute(Inode inode, std::string_view name);
    Result<std::size_t> list_attributes(Inode inode, std::span<std::byte> into);

    /// Directory or file, named or open.
    [[nodiscard]] bool alive(Inode inode) const { return nodes_.contains(inode); }

private:
    struct Node {
        Attributes attributes;
        std::map<std::uint64_t, std::string> pages;  ///< of page_bytes
        std::map<std::string, Inode, std::less<>> names;
        std::map<std::string, std::string, std::less<>> extended;
        std::string target;
        Inode parent{};
        std::uint64_t opened = 0;
    };
    static constexpr std::uint64_t page_bytes = 4096;

    Result<Node*> find(Inode inode);
    Result<Node*> directory(Inode inode);
    Result<Node*> living(Inode inode);
    Result<Node*> regular(Inode inode);
    Result<Inode> make(Inode directory, std::string_view name, Kind kind,
                       std::string_view target, const Creation& made);
    void fill(Node& node, std::uint64_t offset, std::uint64_t bytes, const std::byte* from);
    void touch(Node& node, bool modified);
    void drop(Inode inode, bool directory);

    std::map<Inode, Node> nodes_;
    std::uint64_t next_ = 2;
    Timestamp now_{};
    std::string entry_name_;
};

static_assert(FileSystem<Reference>);

}  // namespace tests::fs_model

#pragma once

/// Any file system of libos/fs, chosen when the program runs: the concept's calls, virtual.
///
/// Why beside the concept: `chitin ls`, `cp` and `mount` meet an image and learn its format from
/// it. What the calls mean and answer is said once, in libos/fs/file_system.hpp.

#include "libos/fs/file_system.hpp"

namespace sim::testbed::fs {

using libos::fs::Attributes;
using libos::fs::AttributeChange;
using libos::fs::Creation;
using libos::fs::Entry;
using libos::fs::Error;
using libos::fs::Inode;
using libos::fs::Kind;
using libos::fs::Result;
using libos::fs::SpaceInfo;
using libos::fs::Timestamp;
using Name = std::string_view;
using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

class AnyFileSystem {
public:
    virtual ~AnyFileSystem() = default;

    virtual Result<void> mount() = 0;
    virtual Result<void> unmount() = 0;
    virtual void set_time(Timestamp now) = 0;
    virtual Inode root() = 0;
    virtual Result<SpaceInfo> space() = 0;
    virtual Result<Inode> lookup(Inode directory, Name name) = 0;
    virtual Result<Attributes> attributes(Inode inode) = 0;
    virtual Result<void> set_attributes(Inode inode, const AttributeChange& change) = 0;
    virtual Result<Entry> entry(Inode directory, std::uint64_t position) = 0;
    virtual Result<Inode> create(Inode directory, Name name, const Creation& made) = 0;
    virtual Result<Inode> make_directory(Inode directory, Name name, const Creation& made) = 0;
    virtual Result<Inode> symlink(Inode directory, Name name, Name text,
                                  const Creation& made) = 0;
    virtual Result<std::size_t> read_link(Inode inode, Bytes into) = 0;
    virtual Result<void> link(Inode file, Inode directory, Name name) = 0;
    virtual Result<void> unlink(Inode directory, Name name) = 0;
    virtual Result<void> remove_directory(Inode directory, Name name) = 0;
    virtual Result<void> rename(Inode from, Name name, Inode to, Name new_name,
                                bool replace) = 0;
    virtual Result<void> open(Inode inode) = 0;
    virtual Result<void> close(Inode inode) = 0;
    virtual Result<std::size_t> read(Inode inode, std::uint64_t offset, Bytes into) = 0;
    virtual Result<std::size_t> write(Inode inode, std::uint64_t offset, ConstBytes from) = 0;
    virtual Result<void> truncate(Inode inode, std::uint64_t size) = 0;
    virtual Result<void> fsync(Inode inode, bool data_only) = 0;
    virtual Result<void> sync() = 0;
    virtual Result<std::size_t> get_attribute(Inode inode, Name name, Bytes into) = 0;
    virtual Result<void> set_attribute(Inode inode, Name name, ConstBytes from) = 0;
    virtual Result<void> remove_attribute(Inode inode, Name name) = 0;
    virtual Result<std::size_t> list_attributes(Inode inode, Bytes into) = 0;
};

/// `F`, which outlives this, as any file system.
template <libos::fs::FileSystem F>
class Adapter : public AnyFileSystem {
public:
    explicit Adapter(F& fs) : fs_{fs} {}

    Result<void> mount() override { return fs_.mount(); }
    Result<void> unmount() override { return fs_.unmount(); }
    void set_time(Timestamp now) override { fs_.set_time(now); }
    Inode root() override { return fs_.root(); }
    Result<SpaceInfo> space() override { return fs_.space(); }
    Result<Inode> lookup(Inode directory, Name name) override {
        return fs_.lookup(directory, name);
    }
    Result<Attributes> attributes(Inode inode) override { return fs_.attributes(inode); }
    Result<void> set_attributes(Inode inode, const AttributeChange& change) override {
        return fs_.set_attributes(inode, change);
    }
    Result<Entry> entry(Inode directory, std::uint64_t position) override {
        return fs_.entry(directory, position);
    }
    Result<Inode> create(Inode directory, Name name, const Creation& made) override {
        return fs_.create(directory, name, made);
    }
    Result<Inode> make_directory(Inode directory, Name name, const Creation& made) override {
        return fs_.make_directory(directory, name, made);
    }
    Result<Inode> symlink(Inode directory, Name name, Name text,
                          const Creation& made) override {
        return fs_.symlink(directory, name, text, made);
    }
    Result<std::size_t> read_link(Inode inode, Bytes into) override {
        return fs_.read_link(inode, into);
    }
    Result<void> link(Inode file, Inode directory, Name name) override {
        return fs_.link(file, directory, name);
    }
    Result<void> unlink(Inode directory, Name name) override {
        return fs_.unlink(directory, name);
    }
    Result<void> remove_directory(Inode directory, Name name) override {
        return fs_.remove_directory(directory, name);
    }
    Result<void> rename(Inode from, Name name, Inode to, Name new_name, bool replace) override {
        return fs_.rename(from, name, to, new_name, replace);
    }
    Result<void> open(Inode inode) override { return fs_.open(inode); }
    Result<void> close(Inode inode) override { return fs_.close(inode); }
    Result<std::size_t> read(Inode inode, std::uint64_t offset, Bytes into) override {
        return fs_.read(inode, offset, into);
    }
    Result<std::size_t> write(Inode inode, std::uint64_t offset, ConstBytes from) override {
        return fs_.write(inode, offset, from);
    }
    Result<void> truncate(Inode inode, std::uint64_t size) override {
        return fs_.truncate(inode, size);
    }
    Result<void> fsync(Inode inode, bool data_only) override {
        return fs_.fsync(inode, data_only);
    }
    Result<void> sync() override { return fs_.sync(); }
    Result<std::size_t> get_attribute(Inode inode, Name name, Bytes into) override {
        return fs_.get_attribute(inode, name, into);
    }
    Result<void> set_attribute(Inode inode, Name name, ConstBytes from) override {
        return fs_.set_attribute(inode, name, from);
    }
    Result<void> remove_attribute(Inode inode, Name name) override {
        return fs_.remove_attribute(inode, name);
    }
    Result<std::size_t> list_attributes(Inode inode, Bytes into) override {
        return fs_.list_attributes(inode, into);
    }

private:
    F& fs_;
};

}  // namespace sim::testbed::fs

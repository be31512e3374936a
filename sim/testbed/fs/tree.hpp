#pragma once

/// A tree of files to copy from and to: the host's, or a volume's.
///
/// Errors everywhere: one sentence that begins with the file as the user would write it.

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "sim/testbed/fs/any_file_system.hpp"

namespace sim::testbed::fs {

template <class T>
using OrProblem = std::expected<T, std::string>;

/// What a copy keeps of a file.
struct Facts {
    Kind kind = Kind::file;
    std::uint16_t mode = 0644;
    std::uint64_t size = 0;
    Timestamp modified{};
};

class Reader {
public:
    virtual ~Reader() = default;
    /// Bytes read; 0: the end.
    virtual OrProblem<std::size_t> read(Bytes into) = 0;
};
class Writer {
public:
    virtual ~Writer() = default;
    virtual OrProblem<void> write(ConstBytes from) = 0;
    /// The file is whole: gets the facts' mode and time where the tree can say them.
    virtual OrProblem<void> finish(const Facts& facts) = 0;
};

class Tree {
public:
    virtual ~Tree() = default;
    /// `path` as the user would write it.
    [[nodiscard]] virtual std::string shown(const std::string& path) const = 0;
    [[nodiscard]] virtual bool exists(const std::string& path) = 0;
    /// A symbolic link's own facts, or those of what it leads to.
    virtual OrProblem<Facts> facts(const std::string& path, bool follow) = 0;
    /// Names without "." and "..", in their own order.
    virtual OrProblem<std::vector<std::string>> list(const std::string& path) = 0;
    virtual OrProblem<std::unique_ptr<Reader>> reader(const std::string& path) = 0;
    /// A file, made or emptied.
    virtual OrProblem<std::unique_ptr<Writer>> writer(const std::string& path) = 0;
    /// One that is there already is well, too.
    virtual OrProblem<void> make_directory(const std::string& path, const Facts& facts) = 0;
    virtual OrProblem<std::string> link_target(const std::string& path) = 0;
    virtual OrProblem<void> make_link(const std::string& path, const std::string& target) = 0;
};

/// `fs` outlives the tree; `image` is how the user calls it.
[[nodiscard]] std::unique_ptr<Tree> volume_tree(AnyFileSystem& fs, std::string image);
[[nodiscard]] std::unique_ptr<Tree> host_tree();

/// A place in a tree. Two in one volume have the same tree.
struct TreePlace {
    Tree* tree = nullptr;
    std::string path;
};

/// Copies a file, or with `recursive` a directory with all it holds, to `to` itself: symbolic
/// links are kept with `recursive`, and followed without. The first error ends it.
OrProblem<void> copy(const TreePlace& from, const TreePlace& to, bool recursive);

/// `directory`/`name`.
[[nodiscard]] std::string below(const std::string& directory, const std::string& name);

}  // namespace sim::testbed::fs

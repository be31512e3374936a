#pragma once

/// Paths: from names between slashes to inodes, through symbolic links, once for all formats.
///
/// Every path begins at the root. ".." is the directory that the walk came from, the root above
/// the root. A symbolic link on the way is followed, at most links_max of them in one walk
/// (Error::symlink_loop beyond); the last name's only where asked for.

#include <string>

#include "sim/testbed/fs/any_file_system.hpp"

namespace sim::testbed::fs {

inline constexpr int links_max = 40;
inline constexpr std::size_t path_bytes_max = 4096;

enum class LastLink { follow, keep };

/// Error::no_entry, Error::not_directory (also: "file/"), Error::symlink_loop,
/// Error::name_too_long; whatever the file system answers.
Result<Inode> find(AnyFileSystem& fs, std::string_view path, LastLink last = LastLink::follow);

/// The directory and the name that a path's last part would have. Error::invalid: it has none
/// ("/", or ends in "." or ".."). Errors as find(), the last part's own apart.
struct Place {
    Inode directory{};
    std::string name;
};
Result<Place> find_place(AnyFileSystem& fs, std::string_view path);

/// A symbolic link's text. Errors as read_link().
Result<std::string> link_text(AnyFileSystem& fs, Inode link);

}  // namespace sim::testbed::fs

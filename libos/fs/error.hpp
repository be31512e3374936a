#pragma once

/// Why a file system refused: POSIX's words (IEEE Std 1003.1-2017, <errno.h>), with the numbers
/// that Linux gives them, so that a FUSE server passes them on as they are.

#include <cstdint>
#include <expected>

namespace libos::fs {

enum class Error : std::uint32_t {
    not_permitted = 1,           ///< EPERM: a hard link to a directory, say
    no_entry = 2,                ///< ENOENT
    io = 5,                      ///< EIO: the device failed, or a checksum does not match
    no_memory = 12,              ///< ENOMEM: the memory given at mount is used up
    access = 13,                 ///< EACCES
    busy = 16,                   ///< EBUSY
    exists = 17,                 ///< EEXIST
    crosses_devices = 18,        ///< EXDEV
    not_directory = 20,          ///< ENOTDIR
    is_directory = 21,           ///< EISDIR
    invalid = 22,                ///< EINVAL
    file_too_big = 27,           ///< EFBIG
    no_space = 28,               ///< ENOSPC
    read_only = 30,              ///< EROFS
    too_many_links = 31,         ///< EMLINK
    range = 34,                  ///< ERANGE: the answer does not fit the buffer
    name_too_long = 36,          ///< ENAMETOOLONG
    not_empty = 39,              ///< ENOTEMPTY
    symlink_loop = 40,           ///< ELOOP
    no_attribute = 61,           ///< ENODATA: no extended attribute of that name
    not_supported = 95,          ///< EOPNOTSUPP: this format has no word for it
    stale = 116,                 ///< ESTALE: that inode is no more
    corrupt = 117,               ///< EUCLEAN: what is on the disk breaks the format's rules
};

template <class T>
using Result = std::expected<T, Error>;

constexpr std::unexpected<Error> error(Error code) { return std::unexpected<Error>{code}; }

}  // namespace libos::fs

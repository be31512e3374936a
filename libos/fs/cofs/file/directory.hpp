#pragma once

/// A directory's entries: items of the tree, in the order of their names' hashes.
///
/// An entry's offset is 48 bits of the name's hash and 8 bits that tell names of one hash apart.
/// It never changes while the name exists, so it is the position that readers go on from.

#include <cstdint>
#include <string_view>

#include "libos/fs/cofs/file/inodes.hpp"
#include "libos/fs/name_hash.hpp"

namespace libos::fs::cofs {

/// An entry that was looked up.
struct Found {
    Key at;
    EntryHead head;
    [[nodiscard]] explicit operator bool() const { return head.inode != 0; }
    [[nodiscard]] Kind kind() const { return static_cast<Kind>(head.kind); }
};

using fs::name_hash;

class Directory {
public:
    explicit Directory(Store& store) : store_{&store} {}

    /// The entry of that name, or none.
    Result<Found> find(std::uint64_t directory, std::string_view name);
    /// A key for a new name. Error::no_space: 256 names have its hash.
    Result<Key> vacancy(std::uint64_t directory, std::string_view name);
    Result<bool> empty(std::uint64_t directory);

    /// Puts an entry; with `body` it embeds the inode.
    Result<void> put(Key at, std::string_view name, std::uint64_t inode, Kind kind,
                     const Body* body);

private:
    Store* store_;
};

}  // namespace libos::fs::cofs

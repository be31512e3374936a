#pragma once

/// Inodes by number: where an inode's body lies, and changing it there.
///
/// A hint remembers the entry that embeds an inode, so that a file that was just looked up is
/// found without its inode item. A hint is only believed if the entry says the same. A whole inode
/// is remembered too, and believed until the tree changes.

#include <array>
#include <cstdint>
#include <string_view>

#include "libos/fs/cofs/store/store.hpp"

namespace libos::fs::cofs {

/// An inode as an operation works on it.
struct File {
    std::uint64_t number = 0;
    Key at;                 ///< the item that holds the body: an entry, or an inode item
    std::size_t offset = 0; ///< of the body in that item
    Body body;

    [[nodiscard]] Kind kind() const { return static_cast<Kind>(body.mode >> 12); }
    [[nodiscard]] bool embedded() const { return at.type() == ItemType::entry; }
    /// The directory that embeds it; 0 if none does.
    [[nodiscard]] std::uint64_t parent() const { return embedded() ? at.object : 0; }
};

/// An entry's value, taken apart. `name` is good as long as the value.
struct EntryView {
    EntryHead head;
    std::string_view name;
    [[nodiscard]] Kind kind() const { return static_cast<Kind>(head.kind); }
};

/// Error::corrupt where the value is none.
Result<EntryView> entry_view(std::span<const std::byte> value);
/// Error::corrupt where the body breaks a rule.
Result<Body> checked_body(std::span<const std::byte> bytes);

class Inodes {
public:
    explicit Inodes(Store& store) : store_{&store} {}

    void forget() {
        hints_ = {};
        known_ = {};
    }
    /// The entry at `at` embeds inode `number`.
    void hint(std::uint64_t number, Key at) { hints_[number % hints_.size()] = {number, at}; }

    /// The tree as it is now says this of the inode.
    void know(const File& file) {
        known_[file.number % known_.size()] = {store_->tree().changes(), file};
    }

    /// Error::stale: there is no such inode; Error::corrupt.
    Result<File> load(std::uint64_t number);
    /// Writes the body back where it lies.
    Result<void> save(const File& file);
    /// Moves the body to the inode item; the caller has changed or removed the entry.
    Result<void> externalise(File& file);
    /// Says that the entry at `at` embeds `number`.
    Result<void> set_home(std::uint64_t number, Key at);
    /// The directory that holds the entry of directory `number`; 0 for the root.
    Result<std::uint64_t> parent(std::uint64_t number);

private:
    struct Hint {
        std::uint64_t number = 0;
        Key at;
    };

    /// A file as it was at so many changes of the tree.
    struct Known {
        std::uint64_t changes = 0;
        File file;
    };

    Result<File> find(std::uint64_t number);
    Result<bool> load_embedded(std::uint64_t number, Key at, File& file);

    Store* store_;
    std::array<Hint, 256> hints_{};
    std::array<Known, 32> known_{};
};

}  // namespace libos::fs::cofs

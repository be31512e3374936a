#pragma once

/// Directory: a FAT directory's slots, and the files that they name.
///
/// A file is one slot, or a long name's slots and then that one, next to each other:
///
///   | part 3, last | part 2 | part 1 | FILE~1.TXT |
///
/// Why everything by index of slot: an index stays while the file stays, across whatever else is
/// made and removed, and is what a reader of the directory goes on from.
///
/// Invariants: a directory has at most directory_slots_max slots, so that a chain with a loop has
/// an end; a new cluster of a directory is zeroed before it is part of it.

#include "libos/fs/fat/names.hpp"
#include "libos/fs/fat/table.hpp"

namespace libos::fs::fat {

/// One file in a directory.
struct Listing {
    std::uint32_t first = 0;      ///< index of the first of its slots
    std::uint32_t count = 0;      ///< of its slots: the last is the file's own
    std::uint64_t offset = 0;     ///< of the file's own slot in the volume
    Slot slot{};
    LongName name{};              ///< as it is shown

    [[nodiscard]] std::uint32_t after() const { return first + count; }
};

class SlotReader;

class Directory {
public:
    /// Of the chain from `first`; no_cluster: the fixed root.
    Directory(Volume& volume, Table& table, Cluster first)
        : volume_{volume}, table_{table}, first_{first} {}

    /// Where slot `index` lies. Error::no_entry: past the end; Error::corrupt, Error::io.
    Result<std::uint64_t> offset_of(std::uint32_t index);

    /// The first file at or after slot `index`. Errors as offset_of(); Error::no_entry: no more.
    Result<void> next(std::uint32_t index, Listing& listing);
    Result<void> next(SlotReader& reader, std::uint32_t index, Listing& listing);
    /// The file of that name, long or short, in whatever case. Error::no_entry.
    Result<void> find(const LongName& name, Listing& listing);
    /// Whether no file is left. Errors as next().
    Result<bool> empty();

    /// Slots that `name` needs, its file's own included.
    [[nodiscard]] static std::uint32_t slots_for(const LongName& name);
    /// Room for `count` slots side by side: the index of the first. The directory grows where it
    /// must. Error::no_space changes nothing.
    Result<std::uint32_t> reserve(std::uint32_t count);
    /// A short name for `name` which no other file here has but the one whose slot lies at
    /// `except`. Error::no_space: all numeric tails are taken; Error::exists: `name` itself is a
    /// short name that another file has.
    Result<ShortName> short_name_for(const LongName& name, std::uint64_t except);
    /// Puts `name` in slots from `first` on, as reserved, and `slot` (whose short name is set)
    /// behind it: where the latter lies.
    Result<std::uint64_t> put(std::uint32_t first, const LongName& name, const Slot& slot);
    Result<void> erase(const Listing& listing);

private:
    struct Tails;
    [[nodiscard]] std::uint32_t slots_in_cluster() const;
    friend class SlotReader;
    Result<std::uint32_t> grow(std::uint32_t slots, std::uint32_t missing);
    Result<void> note_tails(const ShortName& basis, std::uint64_t except, Tails& tails);

    Volume& volume_;
    Table& table_;
    Cluster first_;
};

/// Reads a directory's slots, sixteen at a time: a scan asks the table and the cache less often.
/// Good as long as the directory does not change.
class SlotReader {
public:
    explicit SlotReader(Directory& directory) : directory_{directory} {}

    /// Errors as Directory::offset_of().
    Result<Slot> at(std::uint32_t index);
    /// Where the slot that was read last lies.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }

private:
    static constexpr std::uint32_t slots_read = 16;
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    Directory& directory_;
    std::uint32_t first_ = none;   ///< index of slots_[0]
    std::uint64_t start_ = 0;      ///< its offset
    std::uint64_t offset_ = 0;
    std::array<Slot, slots_read> slots_{};
};

/// Collects a long name's parts as they are met, the last part first.
class NameParts {
public:
    /// False: the part does not continue what came before (which is forgotten).
    bool add(const LongSlot& slot);
    void reset() { expected_ = 0; complete_ = false; }
    /// Whether all parts are there and belong to `slot`; then `name` is the long name.
    bool finish(const Slot& slot, LongName& name) const;

private:
    LongName name_{};
    std::uint8_t expected_ = 0;   ///< the order of the part that must follow; 0: none
    std::uint8_t checksum_ = 0;
    bool complete_ = false;
};

}  // namespace libos::fs::fat

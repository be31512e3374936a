#pragma once

/// Tables of names: a directory's entries, an inode's extended attributes.
///
/// Level n of a table has 2^n blocks; a name lies in one block of some level, which its hash says.
/// So a lookup reads as many blocks as there are levels, and a name that is there never moves: its
/// place is the position that readers go on from. Blocks without names are holes.

#include <cstdint>
#include <optional>
#include <string_view>

#include "libos/fs/log/file/block_map.hpp"

namespace libos::fs::log {

/// Which of a file's two tables.
enum class Table : std::uint8_t { entries, attributes };

/// A record where it lies.
struct Record {
    std::uint64_t position = 0;  ///< block of the table, and byte in it
    RecordHead head;
    [[nodiscard]] Kind kind() const { return static_cast<Kind>(head.kind); }
};

class Records {
public:
    using Found = std::optional<Record>;

    Records(Store& store, BlockMap& map) : store_{&store}, map_{&map} {}

    Result<Found> find(const File& file, Table table, std::string_view name);
    /// The first record at or after `position`.
    Result<Found> next(const File& file, Table table, std::uint64_t position);
    /// Name and value as they lie; good until the next call.
    Result<std::span<const std::byte>> text(const File& file, Table table, const Record& record);

    /// A block of the table with room for a new record. Error::no_space.
    Result<std::uint64_t> vacancy(const File& file, Table table, std::string_view name,
                                  std::size_t value_bytes);
    /// Puts a record there.
    Result<void> insert(File& file, Table table, std::uint64_t block, RecordHead head,
                        std::string_view name, std::span<const std::byte> value);
    Result<void> remove(File& file, Table table, const Record& record);
    /// The entry's inode becomes another one.
    Result<void> replace(File& file, const Record& record, std::uint64_t inode, Kind kind);

private:
    Result<std::span<const std::byte>> block(const File& file, Table table, std::uint64_t index);

    Store* store_;
    BlockMap* map_;
};

/// The next record of a block at or after `offset`, gaps included; head.bytes 0: none.
/// Error::corrupt where it breaks a rule.
Result<RecordHead> record_at(std::span<const std::byte> block, std::size_t offset);

inline constexpr std::size_t records_at = sizeof(BlockHead);
/// The level of a block of a table.
constexpr std::uint32_t level_of(std::uint64_t block) {
    return static_cast<std::uint32_t>(std::bit_width(block + 1)) - 1;
}
/// Where a name may lie in a level.
constexpr std::uint64_t bucket(std::uint64_t hash, std::uint32_t level) {
    const std::uint64_t count = std::uint64_t{1} << level;
    return count - 1 + (hash & (count - 1));
}

}  // namespace libos::fs::log

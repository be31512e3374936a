// ExtentTable: which blocks of a disk are whose, by name, and how that is read from the disk.
//
// Two equal copies stand at the disk's beginning, apart from each other. A change is written to
// the copy that was not read last, flushed, then to the other: whenever the power goes, one copy
// is whole, and the newer of the whole ones counts. Bytes from a disk are input as any: a copy
// that is not sound in every field is no copy.
//
//   block   0        4        8        12       16 ...
//           | copy 0 | (zero) | copy 1 | (zero) | extents
//
// Invariants of a table in memory: records in the order of their blocks, none empty, none
// overlapping, all in [disk_first_block, blocks), no name twice.
#pragma once

#include <span>

#include "kernel/abi/disk.hpp"
#include "kernel/base/result.hpp"

namespace kernel::disk {

using abi::ExtentName;
using abi::ExtentRecord;
using abi::ExtentTable;
using abi::Status;
using base::Result;

inline constexpr std::uint32_t table_copies = 2;
inline constexpr std::uint32_t blocks_min = 2 * abi::disk_first_block;
constexpr std::uint32_t copy_block(std::uint32_t copy) { return copy * 8; }

// Makes it the table of an empty disk.
void clear(ExtentTable& table, std::uint32_t blocks);
// Sets the checksum: the table can be written.
void seal(ExtentTable& table);
// Is it whole, and sound for a disk of `blocks`?
bool sound(const ExtentTable& table, std::uint32_t blocks);
// Was it meant to be one?
inline bool claims(const ExtentTable& table) { return table.magic == abi::extent_table_magic; }
bool zero(std::span<const std::byte> bytes);

// The record of that name; nullptr: none is.
ExtentRecord* find(ExtentTable& table, const ExtentName& name);

// Puts in `count` blocks at `first`, or at the lowest place that has room (any_block). Errors, in
// this order: bad_argument (no block, outside the disk, an empty name), extent_taken (the name,
// or a block), no_extents (no room, or no record).
Result<ExtentRecord*> insert(ExtentTable& table, std::uint64_t first, std::uint64_t count,
                             const ExtentName& name);
void remove(ExtentTable& table, ExtentRecord& record);

}  // namespace kernel::disk

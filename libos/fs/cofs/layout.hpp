#pragma once

/// The disk format: keys, items, superblock. README.md draws it.
///
/// Everything is little-endian and read by memcpy: what is on a disk is an allegation until the
/// reader has checked it.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/fs/bytes.hpp"
#include "libos/fs/error.hpp"
#include "libos/fs/file_system.hpp"

namespace libos::fs::cofs {

using BlockNumber = std::uint32_t;  ///< of 4096 bytes; 0 (a superblock) also says "none"

inline constexpr std::uint32_t block_bytes = 4096;
inline constexpr std::uint64_t blocks_min = 1024;
inline constexpr std::uint64_t blocks_max = 0xffff'0000;  ///< sums with it stay in 32 bits
inline constexpr std::uint32_t group_blocks = 16;   ///< 64 KiB: the unit of explicit grouping
inline constexpr std::uint32_t chunk_blocks = 64;   ///< what one map item covers
inline constexpr std::uint32_t chunk_bytes = chunk_blocks * block_bytes;
inline constexpr std::uint32_t payload_max = 900;   ///< bytes of an item
inline constexpr std::uint32_t name_max = 255;
inline constexpr std::uint32_t attribute_max = 600;
inline constexpr std::uint32_t link_text_max = 4095;
inline constexpr std::uint32_t text_part = 768;
inline constexpr std::uint32_t links_max = 65000;
inline constexpr std::uint64_t file_size_max = std::uint64_t{1} << 60;
inline constexpr std::uint64_t root_number = 1;

enum class ItemType : std::uint8_t {
    inode = 1, entry = 2, attribute = 3, text = 4, map = 5, orphan = 6,
};

/// Where an item stands in the tree.
struct Key {
    std::uint64_t object = 0;
    std::uint64_t place = 0;  ///< type in the highest byte, offset below

    auto operator<=>(const Key&) const = default;

    [[nodiscard]] constexpr ItemType type() const { return static_cast<ItemType>(place >> 56); }
    [[nodiscard]] constexpr std::uint64_t offset() const { return place & offset_max; }

    static constexpr std::uint64_t offset_max = (std::uint64_t{1} << 56) - 1;
};

inline constexpr Key key_max{~std::uint64_t{0}, ~std::uint64_t{0}};

constexpr Key key(std::uint64_t object, ItemType type, std::uint64_t offset = 0) {
    return {object, static_cast<std::uint64_t>(type) << 56 | (offset & Key::offset_max)};
}

/// The key after `k`; key_max stays.
constexpr Key next(Key k) {
    if (k == key_max) return k;
    return k.place == ~std::uint64_t{0} ? Key{k.object + 1, 0} : Key{k.object, k.place + 1};
}

using fs::load;
using fs::store;

/// A pointer to a node, in the node above or in the superblock.
struct Pointer {
    BlockNumber block = 0;
    std::uint32_t level = 0;    ///< 0: a leaf
    std::uint64_t born = 0;     ///< the commit that wrote it
};

struct Superblock {
    std::uint64_t magic = 0;
    std::uint32_t checksum = 0;   ///< CRC-32C of this structure with 0 here
    std::uint32_t version = 0;
    std::uint64_t sequence = 0;   ///< of the commit; its parity is the slot
    Pointer root;
    std::uint64_t next_inode = 0;
    std::uint64_t files = 0;      ///< inodes in use
    std::uint32_t blocks = 0;     ///< of the device
    std::uint32_t map_blocks = 0; ///< of one space map
    std::uint64_t salt = 0;       ///< told to format(): tells one file system from an older one
    std::uint32_t listed = 0;     ///< entries of the list at list_offset; 0: nothing is in doubt
    std::uint32_t list_checksum = 0;  ///< CRC-32C of these entries
};

/// Bits that one block of a space map holds.
inline constexpr std::uint32_t map_bits = (block_bytes - 32) * 8;

/// Of one space map.
constexpr std::uint32_t map_blocks(std::uint32_t blocks) {
    return (blocks + map_bits - 1) / map_bits;
}

/// Where superblocks lie: of both slots, each before its space map; then their copies.
constexpr std::array<BlockNumber, 4> superblock_places(std::uint32_t blocks) {
    return {0, 1 + map_blocks(blocks), blocks - 2, blocks - 1};
}

/// A block that a commit wrote, and that no flush had made durable before its superblock.
struct Written {
    BlockNumber block = 0;
    std::uint32_t checksum = 0;   ///< CRC-32C of the block
};

inline constexpr std::uint32_t list_offset = 512;  ///< behind the superblock's own sector
inline constexpr std::uint32_t listed_max = (block_bytes - list_offset) / sizeof(Written);

inline constexpr std::uint64_t superblock_magic = 0x31'30'53'46'4f'43'68'43;  // "ChCOFS01"
inline constexpr std::uint32_t format_version = 2;

/// An inode, in an entry or in an inode item.
struct Body {
    std::uint64_t size = 0;       ///< bytes; of a directory: of its names
    std::uint64_t blocks = 0;     ///< data blocks
    std::int64_t accessed = 0;    ///< seconds
    std::int64_t modified = 0;
    std::int64_t changed = 0;
    std::uint32_t accessed_ns = 0;
    std::uint32_t modified_ns = 0;
    std::uint32_t changed_ns = 0;
    std::uint32_t mode = 0;       ///< permissions in the low twelve bits, Kind above
    std::uint32_t links = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint32_t home_group = 0; ///< of a directory: the block group that its small files fill
};

/// What an entry's value begins with; the body follows if embedded, then the name.
struct EntryHead {
    std::uint64_t inode = 0;
    std::uint8_t kind = 0;
    std::uint8_t embedded = 0;
    std::uint16_t name_bytes = 0;
    std::uint32_t zero = 0;
};

/// An inode item's value is a Body, or a Home.
struct Home {
    std::uint64_t directory = 0;
    std::uint64_t offset = 0;     ///< of the entry's key
};

/// One extent of a map item; the checksums of all mapped blocks follow the extents.
struct Extent {
    BlockNumber block = 0;
    std::uint8_t first = 0;       ///< in the chunk
    std::uint8_t count = 0;
    std::uint16_t zero = 0;
};

static_assert(sizeof(Pointer) == 16 && sizeof(Superblock) == 80 && sizeof(Body) == 72);
static_assert(sizeof(EntryHead) == 16 && sizeof(Home) == 16 && sizeof(Extent) == 8);
static_assert(sizeof(EntryHead) + sizeof(Body) + name_max <= payload_max);
static_assert(8 + chunk_blocks * (sizeof(Extent) + 4) <= payload_max);

}  // namespace libos::fs::cofs

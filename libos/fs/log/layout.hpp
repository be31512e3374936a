#pragma once

/// The disk format: geometry, checkpoint regions, summaries, inodes. README.md draws it.
///
/// Everything is little-endian and read by memcpy: what is on a disk is an allegation until the
/// reader has checked it.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/fs/bytes.hpp"
#include "libos/fs/device_ref.hpp"
#include "libos/fs/error.hpp"
#include "libos/fs/file_system.hpp"

namespace libos::fs::log {

using Address = std::uint32_t;  ///< of a block of 4096 bytes; 0 (the superblock) says "none"

inline constexpr std::uint32_t block_bytes = DeviceRef::block_bytes;
inline constexpr std::uint32_t blocks_min = 1024;
inline constexpr std::uint32_t links_max = 65000;
inline constexpr std::uint32_t link_text_max = 4095;
inline constexpr std::uint32_t attribute_max = 600;
inline constexpr std::uint64_t file_size_max = std::uint64_t{1} << 60;
inline constexpr std::uint32_t root_index = 1;
inline constexpr std::uint32_t none = 0xffff'ffff;  ///< no segment
inline constexpr std::uint32_t tail_min = 3;  ///< blocks of a segment that are worth a write

/// What a block is: its kind, whose it is, and which of its blocks.
enum class BlockKind : std::uint32_t {
    inode = 1, data = 2, records = 3, map = 4,
    freed = 5,      ///< an event: the inode is no more
    usage = 6,      ///< an event: a segment's live blocks and age after this commit
    dead = 7,       ///< a block that was overtaken before it was written
    indirect = 16,  ///< and the level (1..levels_max) above it
};

struct Identity {
    BlockKind kind = BlockKind::dead;
    std::uint64_t number = 0;  ///< of the inode; 0: none
    std::uint64_t index = 0;   ///< in the file; of an indirect block: the first that it covers
    bool operator==(const Identity&) const = default;
};

inline constexpr std::uint32_t levels_max = 5;
constexpr BlockKind indirect_kind(std::uint32_t level) {
    return static_cast<BlockKind>(static_cast<std::uint32_t>(BlockKind::indirect) + level);
}
/// 0: no indirect block.
constexpr std::uint32_t indirect_level(BlockKind kind) {
    const std::uint32_t value = static_cast<std::uint32_t>(kind);
    return value > 16 && value <= 16 + levels_max ? value - 16 : 0;
}
constexpr bool metadata(BlockKind kind) {
    return kind == BlockKind::inode || kind == BlockKind::records || kind == BlockKind::map ||
           indirect_level(kind) != 0;
}

/// What every block of metadata begins with.
struct BlockHead {
    std::uint32_t magic = 0;     ///< block_magic + kind
    std::uint32_t checksum = 0;  ///< CRC-32C of the block with 0 here
    std::uint64_t number = 0;
    std::uint64_t index = 0;
};
inline constexpr std::uint32_t block_magic = 0x4c47'4600;  // "LGF"

struct Superblock {
    std::uint64_t magic = 0;
    std::uint32_t checksum = 0;  ///< CRC-32C of this structure with 0 here
    std::uint32_t version = 0;
    std::uint64_t salt = 0;      ///< tells one file system from an older one
    std::uint32_t blocks = 0;    ///< of the device; all else follows from it
    std::uint32_t segment_blocks = 0;
    std::uint32_t segments = 0;
    std::uint32_t inodes = 0;
};
inline constexpr std::uint64_t superblock_magic = 0x31'30'47'4f'4c'68'43'43;
inline constexpr std::uint32_t format_version = 1;

/// Where the log goes on.
struct Position {
    std::uint32_t segment = none;
    std::uint32_t offset = 0;    ///< blocks from the segment's start
    std::uint32_t next = none;   ///< the segment after this one
    std::uint32_t number = 0;    ///< of the next write since the checkpoint
    std::uint32_t previous = 0;  ///< checksum of the summary before it
    std::uint32_t clock = 0;     ///< counts all writes of the log
};

/// A checkpoint region: this, the addresses of the inode map's blocks, the segment usage table.
struct RegionHead {
    std::uint64_t magic = 0;
    std::uint32_t checksum = 0;  ///< CRC-32C of the region with 0 here
    std::uint32_t version = 0;
    std::uint64_t salt = 0;
    std::uint64_t epoch = 0;     ///< of this checkpoint; its parity is the region
    Position position;
    std::array<std::uint64_t, 9> zero{};
};
inline constexpr std::uint64_t region_magic = 0x31'54'50'4b'43'47'4f'4c;

struct Usage {
    std::uint32_t live = 0;  ///< blocks
    std::uint32_t age = 0;   ///< the log's clock at its youngest block
};

/// A block before what one write adds to the log: what follows, and in which order to believe it.
struct SummaryHead {
    std::uint32_t magic = 0;
    std::uint32_t checksum = 0;  ///< CRC-32C of the block with 0 here
    std::uint64_t salt = 0;
    std::uint64_t epoch = 0;
    std::uint32_t number = 0;
    std::uint32_t previous = 0;
    std::uint32_t clock = 0;
    std::uint32_t next = 0;      ///< Position::next
    std::uint16_t blocks = 0;    ///< that follow
    std::uint16_t events = 0;    ///< entries behind those of the blocks
    std::uint32_t flags = 0;
};
inline constexpr std::uint32_t summary_magic = 0x4c47'5355;
inline constexpr std::uint32_t summary_commit = 1;  ///< everything up to here is consistent
inline constexpr std::uint32_t summary_last = 2;    ///< the log goes on in the next segment

struct SummaryEntry {
    std::uint64_t number = 0;    ///< of an inode; of usage: the segment
    std::uint64_t index = 0;     ///< of usage: live blocks in the low half, age in the high one
    std::uint32_t checksum = 0;  ///< CRC-32C of the block
    std::uint32_t kind = 0;
};
inline constexpr std::uint32_t summary_entries =
    (block_bytes - sizeof(SummaryHead)) / sizeof(SummaryEntry);

/// One inode, in memory and in a block of the inode map.
struct MapEntry {
    Address address = 0;           ///< of the inode's block; 0: free
    std::uint32_t generation = 0;  ///< changes when the inode is freed; orphan in the highest bit
};
inline constexpr std::uint32_t orphan_bit = 0x8000'0000;
inline constexpr std::uint32_t map_entries = (block_bytes - sizeof(BlockHead)) / sizeof(MapEntry);

/// An inode's block: this, 15 addresses of blocks of attributes, then the file's first bytes or
/// its addresses.
struct Inode4k {
    BlockHead head;
    std::uint64_t size = 0;      ///< bytes; of a directory: of its names
    std::uint64_t blocks = 0;    ///< of data or records
    std::int64_t accessed = 0;   ///< seconds
    std::int64_t modified = 0;
    std::int64_t changed = 0;
    std::uint32_t accessed_ns = 0;
    std::uint32_t modified_ns = 0;
    std::uint32_t changed_ns = 0;
    std::uint32_t mode = 0;      ///< permissions in the low twelve bits, Kind above
    std::uint32_t links = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint8_t embedded = 0;   ///< 1: the bytes lie in this block
    std::uint8_t depth = 0;      ///< of a directory: levels of its table
    std::uint8_t attribute_depth = 0;
    std::uint8_t zero = 0;
    std::uint64_t parent = 0;    ///< of a directory: the inode that names it
};
inline constexpr std::uint32_t attribute_levels_max = 4;
inline constexpr std::uint32_t attribute_slots = (1u << attribute_levels_max) - 1;
inline constexpr std::uint32_t attribute_slots_at = 128;
inline constexpr std::uint32_t content_at = 192;
inline constexpr std::uint32_t content_bytes = block_bytes - content_at;
inline constexpr std::uint32_t content_slots = content_bytes / 4;
inline constexpr std::uint32_t direct_slots = content_slots - levels_max;
inline constexpr std::uint32_t directory_levels_max = 24;

/// An indirect block: BlockHead, then addresses.
inline constexpr std::uint32_t fan_out = (block_bytes - sizeof(BlockHead)) / 4;

/// A record of a directory or of attributes; name and value follow. Records fill their block.
struct RecordHead {
    std::uint64_t inode = 0;       ///< of an entry; of an attribute 0
    std::uint16_t bytes = 0;       ///< to the next record: a multiple of 8
    std::uint16_t value_bytes = 0;
    std::uint16_t name_bytes = 0;  ///< 0: a gap
    std::uint16_t kind = 0;        ///< of an entry
};

static_assert(sizeof(BlockHead) == 24 && sizeof(Superblock) == 40 && sizeof(RegionHead) == 128);
static_assert(sizeof(SummaryHead) == 48 && sizeof(SummaryEntry) == 24 && sizeof(Usage) == 8);
static_assert(sizeof(Inode4k) <= attribute_slots_at && sizeof(RecordHead) == 16);
static_assert(attribute_slots_at + 4 * attribute_slots <= content_at);

/// Where everything lies: it follows from the number of blocks alone.
struct Geometry {
    std::uint32_t blocks = 0;
    std::uint32_t segment_blocks = 0;
    std::uint32_t segments = 0;
    std::uint32_t first = 0;          ///< block of segment 0
    std::uint32_t region_blocks = 0;  ///< of one checkpoint region
    std::uint32_t inodes = 0;         ///< numbers below this
    std::uint32_t map_blocks = 0;

    static constexpr std::uint32_t segments_max = 65536;

    static constexpr Geometry of(std::uint32_t blocks) {
        Geometry g{.blocks = blocks};
        g.segment_blocks = std::clamp<std::uint32_t>(std::bit_floor(blocks / 64), 16, 256);
        while (blocks / g.segment_blocks > segments_max) g.segment_blocks *= 2;
        g.inodes = std::clamp<std::uint32_t>(blocks / 4, 1024, 1u << 22);
        g.map_blocks = (g.inodes + map_entries - 1) / map_entries;
        const auto bytes = static_cast<std::uint32_t>(
            g.usage_at() + blocks / g.segment_blocks * sizeof(Usage));
        g.region_blocks = (bytes + block_bytes - 1) / block_bytes;
        g.first = 1 + 2 * g.region_blocks;
        g.segments = blocks > g.first ? (blocks - 1 - g.first) / g.segment_blocks : 0;
        return g;
    }
    /// Byte of the segment usage table in a region.
    [[nodiscard]] constexpr std::uint32_t usage_at() const {
        return sizeof(RegionHead) + (map_blocks + 1) / 2 * 8;
    }
    [[nodiscard]] constexpr Address start(std::uint32_t segment) const {
        return first + segment * segment_blocks;
    }
    [[nodiscard]] constexpr bool content(Address address) const {
        return address >= first && address < first + segments * segment_blocks;
    }
    /// Of a content() address.
    [[nodiscard]] constexpr std::uint32_t segment_of(Address address) const {
        return (address - first) / segment_blocks;
    }
    [[nodiscard]] constexpr Address region(std::uint64_t epoch) const {
        return 1 + static_cast<Address>(epoch % 2) * region_blocks;
    }
    /// Segments that growing leaves alone: room for operations, and to clean in.
    [[nodiscard]] constexpr std::uint32_t spare_segments() const {
        return 6 + 200 / segment_blocks;
    }
    /// Live blocks that the log may hold: five sixths of the rest, or three quarters where segments
    /// are small. Fuller, and cleaning would cost more than it gains.
    [[nodiscard]] constexpr std::uint64_t live_max() const {
        const std::uint64_t twelfths = segment_blocks < 64 ? 9 : 10;
        return std::uint64_t{segments - spare_segments()} * (segment_blocks - 1) * twelfths / 12 -
               map_blocks;
    }
};

}  // namespace libos::fs::log

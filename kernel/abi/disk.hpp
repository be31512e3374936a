// The disk: what an environment and the kernel say to each other about it.
//
// A disk is numbered blocks of one frame's size. An environment holds extents (capabilities of
// ranges of blocks), asks in a ring in a frame of its own, and finds the answers there:
//
//   the ring's frame
//   + 0     head: how many answers the kernel has written
//   + 64    DiskRequest[32]     written by the libOS, the n-th request in entry n % 32
//   + 2112  DiskCompletion[32]  written by the kernel, the n-th answer in entry n % 32
//   + 2624  the libOS's
//
// Requests of one environment are taken in their order and may be answered in another. A request
// is copied once, when the kernel takes it. Its capabilities are looked up then and once more at
// the Instant the device does it, and never remembered: what was taken back in between is
// answered with the Status of that, and the device does nothing. The Instant is computed from the
// disk's profile alone, so it is the same on every machine.
// Decision: kernel/design/0015-disk.md.
#pragma once

#include "kernel/abi/info.hpp"
#include "kernel/abi/status.hpp"
#include "kernel/abi/types.hpp"

namespace kernel::abi {

inline constexpr std::uint32_t disk_requests_max = 32;  // of an environment, unanswered
inline constexpr std::uint32_t disk_request_blocks_max = 8;
inline constexpr std::uint32_t disk_weight_max = 64;
inline constexpr std::uint32_t any_block = 0xffff'ffff;

// ---- the ring

enum class DiskOp : std::uint32_t {
    read = 0,   // extent: read; frames: write
    write,      // extent: write; frames: read. Answered: may still be lost until a flush
    flush,      // extent: write. Answered: every write answered before is durable
    write_fua,  // as write, and durable when answered
    op_count,
};

struct DiskRequest {
    DiskOp op;
    std::uint32_t count;  // 1..disk_request_blocks_max blocks; of flush: 0
    Slot extent;          // or a node of a tree (abi/tree.hpp)
    std::uint32_t block;  // the first, counted from the extent's, or the tree's, first; of flush: 0
    std::uint64_t cookie; // the libOS's own, comes back with the answer
    Slot frames[disk_request_blocks_max];  // the first `count`: a frame a block
    std::uint64_t reserved;
};

// Status: ok; bad_argument (op, count); then for the extent or node bad_slot, empty_slot,
// wrong_type, no_right, bad_state (of a node: as in calls) and bad_argument (not its blocks; more
// than one where one is metadata); for each frame bad_slot, empty_slot, wrong_type, no_right,
// other_core; ownership_refused (`detail` says why); io_error.
struct DiskCompletion {
    std::uint64_t cookie;
    Status status;
    std::uint32_t detail;
};

struct DiskRing {
    std::uint32_t completed;  // answers written since the ring was made, modulo 2^32
    std::uint32_t reserved[15];
    DiskRequest requests[disk_requests_max];
    DiskCompletion completions[disk_requests_max];
};

// ---- the extents

inline constexpr std::uint32_t extents_max = 510;
inline constexpr std::uint32_t extent_table_pages = 4;
inline constexpr std::uint64_t extent_table_magic = 0x3173'746e'6574'7865;  // "extents1"
// Of a disk with an extent table: the kernel's own blocks, which no extent has.
inline constexpr std::uint32_t disk_first_block = 16;

// Sixteen bytes, not all of them zero.
struct ExtentName {
    std::uint64_t low;
    std::uint64_t high;
    friend constexpr bool operator==(const ExtentName&, const ExtentName&) = default;
};
// The whole of a disk that has no extent table but something else.
inline constexpr ExtentName raw_extent{0x77'6172, 0};  // "raw"

struct ExtentRecord {
    ExtentName name;
    std::uint32_t first;
    std::uint32_t count;
    std::uint32_t caps;      // capabilities that lie in it; means nothing on the disk
    FrameNumber tree;        // open in it, 0: none; means nothing on the disk
};

// As it stands on the disk, twice, and in the info window. Records are in the order of their
// blocks and do not overlap: what lies between them is free.
struct ExtentTable {
    std::uint64_t magic;
    std::uint64_t sequence;  // the higher, the newer
    std::uint64_t checksum;  // of everything else
    std::uint32_t blocks;    // of the disk
    std::uint32_t count;     // records
    std::uint64_t reserved[4];
    ExtentRecord records[extents_max];
};

// The record that the block lies in; nullptr: in none.
constexpr ExtentRecord* record_of(ExtentTable& table, std::uint64_t block) {
    std::uint32_t low = 0;
    std::uint32_t high = table.count;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        const ExtentRecord& record = table.records[middle];
        if (std::uint64_t{record.first} + record.count <= block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    ExtentRecord* const found = table.records + low;
    return low < table.count && found->first <= block ? found : nullptr;
}

// ---- the registry: which frame caches which block of a disk

// Who may write a block may say so (call registry_enter): who reads its cached block trusts it no
// more than who reads what it wrote. Entries are looked at when somebody asks; between, one may
// not be true any more.
struct CachedBlock {
    std::uint32_t block;  // of the disk
    FrameNumber frame;    // 0: this entry is free
    Slot slot;            // of the frame, in its table
    Slot blocks;          // of the extent or node by which it may write
    std::uint32_t asked;  // the block as it named it
    EnvId env;
    std::uint16_t serial;
    std::uint64_t reserved;
};

inline constexpr std::uint32_t registry_max = 128;
inline constexpr std::uint32_t registry_own_max = 32;  // of one environment
struct Registry {
    CachedBlock entries[registry_max];
};

// ---- in the info window

// Disk i's pages: DiskInfo, then its ExtentTable, then its Registry.
inline constexpr std::uint64_t info_disks_offset = 128 << 10;
inline constexpr std::uint32_t info_disk_pages = 1 + extent_table_pages + 1;
constexpr std::uint64_t info_disk_offset(std::uint32_t disk) {
    return info_disks_offset + disk * info_disk_pages * page_size;
}

enum class DiskState : std::uint32_t {
    none = 0,
    ready,     // extents can be allocated
    raw,       // something else is on it: all of it is the extent `raw_extent`
    damaged,   // both copies of its extent table are: nothing can be opened
    dead,      // the device failed while its table was read or written
};

// One environment's use, by EnvId. Of who had the number before nothing is left.
struct DiskUse {
    std::uint32_t weight;    // of its share; 0: it has no ring
    std::uint32_t requests;  // answered
    std::uint64_t blocks;    // read and written
};

struct DiskInfo {
    DiskState state;
    std::uint32_t blocks;
    std::uint32_t in_service;       // requests the device has now
    std::uint32_t waiting;          // submitted, not yet taken
    std::uint64_t reads, writes, flushes;        // done
    std::uint64_t blocks_read, blocks_written;
    std::uint64_t refused;          // answered with another status than ok
    std::uint64_t table_writes;
    std::uint64_t service_ns;       // the sum of the times in service
    DiskUse uses[environments_max];
};

static_assert(sizeof(DiskRequest) == 64 && sizeof(DiskCompletion) == 16);
static_assert(offsetof(DiskRing, requests) == 64 && offsetof(DiskRing, completions) == 2112);
static_assert(sizeof(DiskRing) == 2624);
static_assert(sizeof(ExtentRecord) == 32);
static_assert(sizeof(ExtentTable) == extent_table_pages * page_size);
static_assert(sizeof(DiskInfo) <= page_size && sizeof(Registry) == page_size);

}  // namespace kernel::abi

// The boot bundle: everything a machine is started with, as one position-independent blob.
//
// The testbed writes it, both machines load it right behind the frame pool, the kernel reads
// the cell's machine part, and the first environment reads the rest through the info window.
// All offsets count bytes from the start of the blob; files begin on page boundaries, data
// files first and program images last, so that data have the same physical names on a machine
// that needs no images. Little-endian. Everything is checked before it is used (bundle_check).
#pragma once

#include "kernel/abi/types.hpp"

namespace kernel::abi {

inline constexpr std::uint64_t bundle_magic = 0x31'656c'646e'7562;  // "bundle1"
inline constexpr std::uint32_t bundle_files_max = 128;
inline constexpr std::uint32_t bundle_cells_max = 4096;
inline constexpr std::uint32_t cell_envs_max = 32;  // on one core
inline constexpr std::uint32_t cores_max = 64;
inline constexpr std::uint32_t env_modules_max = 4;
inline constexpr std::uint32_t cell_disks_max = 4;
inline constexpr std::uint32_t bundle_disks_max = 4096;
inline constexpr std::uint64_t bundle_bytes_max = std::uint64_t{1} << 30;
inline constexpr std::uint32_t pool_frames_min = 512;      // 2 MiB, for each core
inline constexpr std::uint32_t pool_frames_max = 1 << 20;  // 4 GiB
inline constexpr std::uint32_t no_file = 0xffff'ffff;

// Virtual-time prices, in nanoseconds. The `cost` clock moves by nothing else.
struct CostProfile {
    std::uint32_t call;         // entering and leaving the kernel
    std::uint32_t fault;        // a page fault or exception, up to the kernel
    std::uint32_t upcall;       // entering an environment's handler
    std::uint32_t map;          // changing one page-table entry
    std::uint32_t invalidate;   // one page's translation
    std::uint32_t zero_frame;
    std::uint32_t env_switch;
    std::uint32_t capability;   // deriving, granting or deleting one
    std::uint32_t message;      // sending a message to another core, or taking one
    std::uint32_t latency;      // from its sending until the other core can know of it
};

// What a disk's requests cost in virtual time: the kernel computes from it when each is done, on
// either machine. Nanoseconds unless named otherwise, each at most service_ns_max; blocks are of
// page_size bytes.
struct ServiceProfile {
    std::uint32_t command = 0;        // each request: controller, link
    std::uint32_t read_access = 0;    // the medium's, before the first block that is read
    std::uint32_t write_access = 0;   // before the first that is written
    std::uint32_t read_block = 0;     // each block
    std::uint32_t write_block = 0;
    std::uint32_t channels = 1;       // requests that the medium serves at once, 1 to channels_max
    std::uint32_t settle = 0;         // the shortest seek; 0 like the next three: nothing moves
    std::uint32_t seek_knee = 0;      // a seek across `knee_permille` of the disk
    std::uint32_t seek_full = 0;      // a seek across all of it; not less than the knee's
    std::uint32_t knee_permille = 0;  // linear to the knee, and from there on; below 1000
    std::uint32_t rotation = 0;       // a revolution, in which track_blocks pass; 0: none
    std::uint32_t track_blocks = 0;
    std::uint32_t cache_blocks = 0;   // the volatile write cache; 0: none, writes are on the medium
    std::uint32_t cache_block = 0;    // each block written into it
    std::uint32_t flush = 0;          // a flush, besides the writing of what is in the cache
    std::uint32_t reserved = 0;
};
inline constexpr std::uint32_t service_ns_max = 1'000'000'000;
inline constexpr std::uint32_t channels_max = 64;

// Within the bounds that its comments give?
constexpr bool service_sane(const ServiceProfile& service) {
    const std::uint32_t spans[] = {
        service.command,     service.read_access, service.write_access, service.read_block,
        service.write_block, service.settle,      service.seek_knee,    service.seek_full,
        service.rotation,    service.cache_block, service.flush};
    for (const std::uint32_t span : spans) {
        if (span > service_ns_max) return false;
    }
    const bool seeks = service.settle <= service.seek_knee &&
                       service.seek_knee <= service.seek_full && service.knee_permille > 0 &&
                       service.knee_permille < 1000;
    return (service.seek_full == 0 || seeks) &&
           (service.rotation == 0 || service.track_blocks > 0) && service.channels >= 1 &&
           service.channels <= channels_max;
}

struct BundleHeader {
    std::uint64_t magic;
    std::uint64_t size_bytes;
    std::uint32_t file_count;
    std::uint32_t cell_count;
    std::uint32_t env_count;
    std::uint32_t disk_count;
    std::uint64_t files_offset;  // FileRecord[file_count]
    std::uint64_t cells_offset;  // CellRecord[cell_count]
    std::uint64_t envs_offset;   // EnvRecord[env_count], and behind them DiskRecord[disk_count]
};

enum class FileKind : std::uint32_t { data = 0, program = 1 };

struct FileRecord {
    char name[40];
    FileKind kind;
    std::uint32_t reserved;
    std::uint64_t offset;
    std::uint64_t size_bytes;
};

// One run of one machine.
struct CellRecord {
    char name[64];
    std::uint32_t pool_frames;  // all memory, the kernel's own frames included
    std::uint32_t first_env;    // its EnvRecords: [first_env, first_env + env_count), by core;
    std::uint32_t env_count;    // the first of each core is that core's root environment
    std::uint32_t trace_full;   // 1: emit every event, 0: only hashes
    std::uint64_t seed;
    std::uint64_t slice_ns;
    CostProfile costs;
    std::uint32_t cores;
    std::uint16_t first_disk;   // its DiskRecords: [first_disk, first_disk + disk_count)
    std::uint16_t disk_count;
};

// One disk of one cell; its contents are the machine's.
struct DiskRecord {
    char name[32];
    ServiceProfile service;
};

struct EnvRecord {
    char name[32];
    char program[24];
    std::uint32_t limit_frames;
    std::uint32_t guarantee_frames;
    std::uint64_t arguments_offset;  // "name=value\n" lines, UTF-8, no quoting
    std::uint64_t arguments_bytes;
    std::uint32_t modules[env_modules_max];  // indices of data files, or no_file
    std::uint32_t core;
    std::uint32_t reserved;
};

constexpr std::uint64_t disks_offset(const BundleHeader& header) {
    return header.envs_offset + header.env_count * sizeof(EnvRecord);
}

static_assert(sizeof(BundleHeader) == 56);
static_assert(sizeof(FileRecord) == 64);
static_assert(sizeof(CostProfile) == 40);
static_assert(sizeof(CellRecord) == 144);
static_assert(sizeof(EnvRecord) == 104);
static_assert(sizeof(ServiceProfile) == 64);
static_assert(sizeof(DiskRecord) == 96);

}  // namespace kernel::abi

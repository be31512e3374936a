// BootInfo: what a machine tells the kernel about one cell (one run from power-on to end).
//
// Physical memory, as both machines lay it out:
//
//   pool_first (16 MiB)      bundle_first                tables_first   rings_first  disks_first
//   | the frame pool, zeroed | the boot bundle, read-only | table frames | rings | disk frames |
//
// so that data have the same physical names everywhere. All but the bundle is zeroed by the
// machine before each cell. The pool is in equal parts, one a core: each core's kernel has its
// own, and a frame's name tells whose it is. The rings are all the memory that kernels share
// (kernel/mesh). The disk frames are for what a kernel and a disk tell each other (kernel/drivers):
// like the tables and rings they are in no account, and no environment can name them.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/abi/bundle.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/abi/types.hpp"

namespace kernel::machine {

inline constexpr abi::FrameNumber pool_first{(16 << 20) >> abi::page_shift};

// How many table frames map a bundle of that size into the info window: its leaf tables.
constexpr std::uint32_t bundle_table_frames(std::uint64_t bundle_bytes) {
    constexpr std::uint64_t leaf_bytes = std::uint64_t{2} << 20;
    return static_cast<std::uint32_t>((bundle_bytes + leaf_bytes - 1) / leaf_bytes);
}

// How many frames of the pool each core has, and which is its first.
constexpr std::uint32_t part_frames(const abi::CellRecord& cell) {
    return cell.pool_frames / cell.cores;
}
constexpr abi::FrameNumber part_first(const abi::CellRecord& cell, std::uint32_t core) {
    return abi::FrameNumber{pool_first.value + core * part_frames(cell)};
}

// The message rings: one from each core to each.
inline constexpr std::uint32_t ring_bytes = 2048;
constexpr std::uint32_t ring_frames(std::uint32_t cores) {
    if (cores == 1) return 0;
    return static_cast<std::uint32_t>(
        (cores * cores * ring_bytes + abi::page_size - 1) / abi::page_size);
}

// The frames of each disk of a cell, for its driver and the kernel's own blocks.
inline constexpr std::uint32_t disk_frames_each = 16;
constexpr std::uint32_t disk_frames(const abi::CellRecord& cell) {
    return cell.disk_count * disk_frames_each;
}

// A core's pages for compiled downloaded code, each a frame's size; no frames of the pool.
inline constexpr std::uint32_t code_pages = 16;

// One core's; all but the cores' own parts is the same for all of them.
struct BootInfo {
    const abi::CellRecord* cell;     // checked (bundle_check)
    std::uint32_t cell_index;
    std::uint32_t core;
    abi::FrameNumber pool_first;     // this core's part
    std::uint32_t pool_frames;
    abi::FrameNumber bundle_first;   // behind all parts
    std::uint64_t bundle_bytes;
    abi::FrameNumber tables_first;   // bundle_table_frames(bundle_bytes) frames for each core
    abi::FrameNumber rings_first;    // ring_frames(cores)
    abi::FrameNumber disks_first;    // disk_frames(cell): core 0's kernel's alone
    std::uint64_t window_base;       // 512 GiB aligned, or 0
    bool xsave;                      // may environments use xsave
    std::span<const abi::ProgramInfo> programs;
};

// How a cell ended on one core, or on all of them together (merge).
struct Outcome {
    std::uint32_t exit_code;      // the root environment's
    abi::EndReason reason;
    std::uint64_t time_ns;        // virtual time at the end
    std::uint64_t events;         // of all environments together
    std::uint32_t frames_lost;    // pool frames not returned by the end: must be 0
};

// `whole` is core 0's outcome so far: how the cell ended, and when, is what core 0 says.
constexpr void merge(Outcome& whole, const Outcome& other) {
    whole.events += other.events;
    whole.frames_lost += other.frames_lost;
    if (whole.exit_code == 0) whole.exit_code = other.exit_code;
}

}  // namespace kernel::machine

// BootInfo: what a machine tells the kernel about one cell (one run from power-on to end).
//
// Physical memory, as both machines lay it out:
//
//   pool_first (16 MiB)           bundle_first                   tables_first
//   | the frame pool, zeroed      | the boot bundle, read-only   | table frames, zeroed |
//
// so that data have the same physical names everywhere. The pool's frames are zeroed by the
// machine before each cell.
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

struct BootInfo {
    const abi::CellRecord* cell;     // checked (bundle_check)
    std::uint32_t cell_index;
    std::uint32_t pool_frames;       // == cell->pool_frames
    abi::FrameNumber bundle_first;   // pool_first + pool_frames
    std::uint64_t bundle_bytes;
    abi::FrameNumber tables_first;   // bundle_table_frames(bundle_bytes) zeroed frames
    std::uint64_t window_base;       // 512 GiB aligned, or 0
    bool xsave;                      // may environments use xsave
    std::span<const abi::ProgramInfo> programs;
};

// How a cell ended.
struct Outcome {
    std::uint32_t exit_code;      // the root environment's
    abi::EndReason reason;
    std::uint64_t time_ns;        // virtual time at the end
    std::uint64_t events;         // of all environments together
    std::uint32_t frames_lost;    // pool frames not returned by the end: must be 0
};

}  // namespace kernel::machine

// The cycle: how a core's time is divided, and whose each part is.
//
// A core's time goes round a cycle of positions, one slice each (the linear vector of time
// slices of Aegis: Engler, Kaashoek, O'Toole, SOSP 1995, section 5.1.1). A slice is a capability;
// bound to an environment, the position's time is that environment's. Time that nobody has
// bound, or whose owner does not want it, is idle time: it goes to the environment the cycle's
// holder names, and otherwise round all that may run.
//
// Invariants:
// - While no position is allocated, all time is idle time and goes round in whole slices.
// - A position begins when the one before it has ended: overrun makes a turn longer, never the
//   next one shorter. What an owner overran (grace, critical sections) is debt, and the slice
//   is shorter by it the next time; what it lost that way is `forfeited`.
// - This page is the kernel's own record, which every environment reads without a call.
#pragma once

#include "kernel/abi/info.hpp"

namespace kernel::abi {

inline constexpr std::uint64_t info_cycle_offset = 32 << 10;
inline constexpr std::uint32_t positions_max = 64;
inline constexpr std::uint32_t any_position = 0xffff'ffff;
inline constexpr std::uint64_t slice_ns_min = 1'000;
inline constexpr std::uint64_t slice_ns_max = 1'000'000'000;

struct SliceInfo {
    EnvId env;                 // whose time it is; no_env: nobody's
    std::uint16_t reserved;
    std::uint32_t caps;        // capabilities that name the position; 0: free
    CapRef binding;            // the capability it was bound with; 0: not bound
    std::uint32_t reserved2;
    std::uint64_t turns;       // how often it began while bound
    std::uint64_t debt_ns;     // overrun that its next turns pay for
    std::uint64_t overrun_ns;  // all overrun so far
    std::uint64_t forfeited_ns;  // what was paid so far
};
static_assert(sizeof(SliceInfo) == 48);

struct CycleInfo {
    std::uint32_t positions;   // how many the cycle has, 1..positions_max
    std::uint32_t position;    // the one whose turn it is
    std::uint32_t allocated;   // how many have a capability
    EnvId idle;                // who is given idle time; no_env: all in turn
    std::uint16_t reserved;
    std::uint64_t slice_ns;    // the length of a position
    std::uint64_t grace_ns;    // how long its end may be put off
    std::uint64_t turn_end_ns; // when the present turn ends, grace not counted
    std::uint64_t reserved2[3];
    SliceInfo slices[positions_max];
};
static_assert(sizeof(CycleInfo) <= page_size);

}  // namespace kernel::abi

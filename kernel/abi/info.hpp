// The info window: true state, readable by every environment without a call.
//
//   info window (slot 127)
//   + 0        SystemInfo      one page: counters, sizes, where the machine put things
//   + 32 KiB   CycleInfo       one page: how this core's time is divided (abi/cycle.hpp)
//   + 64 KiB   EnvInfo[128]    one line an environment
//   + 1 GiB    FrameInfo[]     one line a frame of the pool, free list included
//   + 2 GiB    the boot bundle (abi/bundle.hpp): programs, traces, this run's description
//
// These are the kernel's own records, not copies: what a libOS reads is what the kernel
// decides with. Nothing in them is secret; physical names and true state are the exokernel's
// gift to policy (Engler et al., SOSP 1995, section 3).
#pragma once

#include "kernel/abi/rights.hpp"
#include "kernel/abi/types.hpp"

namespace kernel::abi {

inline constexpr std::uint64_t info_env_offset = 64 << 10;
inline constexpr std::uint64_t info_frame_offset = std::uint64_t{1} << 30;
inline constexpr std::uint64_t info_bundle_offset = std::uint64_t{2} << 30;

inline constexpr std::uint32_t environments_max = 128;
inline constexpr std::uint32_t programs_max = 48;

// An environment's number among those of all cores: on core 0 it is its EnvId.
constexpr EnvId machine_wide(CoreId core, EnvId env) {
    return EnvId{static_cast<std::uint16_t>(core.value * environments_max + env.value)};
}

// A reference to a capability slot anywhere: frame number << 7 | index; 0 is none.
using CapRef = std::uint32_t;

enum class FrameState : std::uint8_t {
    free = 0,
    kernel,     // the kernel's own since boot
    user,       // memory of environments
    table,      // a page table of levels 1..3
    root,       // a root page table
    cap_table,  // capability slots
    env,        // an environment object
    account,    // an account object
    bundle,     // the boot bundle
    code,       // downloaded code
    tree,       // an open tree of blocks
};

inline constexpr std::uint8_t frame_guaranteed = 1;

// The kernel's record of one frame.
struct FrameInfo {
    FrameState state;
    std::uint8_t flags;
    std::uint8_t level;        // of a table: 1..3
    std::uint8_t reserved;
    std::uint32_t caps;        // how many capabilities name it
    CapRef first_cap;          // the first of its root capabilities
    FrameNumber owner;         // the environment object it belongs to; of code or a tree: its first
    FrameNumber account;       // the account object it is charged to
    FrameNumber next;          // in the free list or the account's list; 0 ends it
    FrameNumber previous;
    std::uint32_t entries;     // of a table: entries in use; of code, a tree: its frames
};
static_assert(sizeof(FrameInfo) == 32);

enum class EnvState : std::uint32_t {
    none = 0,
    embryo,
    runnable,
    parked,
    ended,
    dying,
    calling,  // waits for the reply of an environment it transferred control to
};

// Why an environment ended, when it was not by its own env_exit.
enum class EndReason : std::uint32_t {
    exited = 0,
    fault_while_masked,  // a fault in the upcall handler
    no_vector,           // an upcall was due and there was no usable upcall page
    ran_away,            // burnt host time without entering the kernel
    destroyed,
    deadlock,            // the root environment: nothing could ever run again
};

struct EnvInfo {
    EnvState state;
    EndReason reason;
    std::uint32_t exit_code;
    EnvId creator;
    std::uint16_t serial;      // how many environments were created before it in this run
    FrameNumber account;       // the account it is bound to
    std::uint32_t frames_used; // of that account, now
    std::uint64_t calls;
    std::uint64_t upcalls;
    std::uint64_t faults;
    std::uint64_t time_ns;       // virtual time it used
    std::uint64_t history_hash;  // of all its calls, upcalls and faults so far, in order
    std::uint64_t history_events;
    std::uint64_t repossessed;   // frames taken by force from the account it is bound to
    std::uint64_t released;      // frames given back while asked to
    std::uint64_t reserved2[5];
};
static_assert(sizeof(EnvInfo) == 128);

// A program the machine can start: its name and where its code begins.
struct ProgramInfo {
    char name[24];
    std::uint64_t entry;
};

struct SystemInfo {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint16_t core;          // whose kernel's records these are
    std::uint16_t cores;
    std::uint64_t window_base;
    FrameNumber pool_first;      // frames the pool consists of
    std::uint32_t pool_frames;
    std::uint32_t free_frames;   // now
    std::uint32_t reserved_frames;  // guaranteed to accounts and not taken yet
    FrameNumber free_first;      // head of the free list (FrameInfo::next)
    std::uint32_t kernel_frames; // of the pool, the kernel's own since boot
    std::uint64_t bundle_bytes;
    std::uint32_t cell;          // which CellRecord of the bundle this run is
    std::uint32_t xsave;         // 1: the CPU saves floating-point state by xsave; 0: fxsave
    std::uint64_t now_ns;        // when the kernel last chose whom to run
    std::uint64_t switches;      // from one environment to another
    std::uint64_t messages_sent;   // to other cores' kernels
    std::uint64_t messages_taken;  // from them
    std::uint64_t idle_ns;         // virtual time in which there was nothing to run
    std::uint32_t program_count;
    std::uint32_t first_env;     // this core's EnvRecords of the bundle:
    std::uint32_t env_count;     // [first_env, first_env + env_count)
    std::uint32_t code_compiled; // downloaded programs that are compiled now, of all
    ProgramInfo programs[programs_max];
};
static_assert(sizeof(SystemInfo) <= page_size);

inline constexpr std::uint64_t system_info_magic = 0x6e6974696863'0001;  // "chitin"

}  // namespace kernel::abi

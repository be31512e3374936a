// Request: one command to a disk, and how it ended.
//
// A block is a page: 4096 bytes. A disk of smaller sectors is used by the page.
#pragma once

#include <cstdint>

#include "kernel/abi/status.hpp"
#include "kernel/abi/types.hpp"

namespace kernel::drivers {

inline constexpr std::uint32_t request_blocks_max = 8;
inline constexpr std::uint32_t depth = 32;  // requests in flight at most

enum class Op : std::uint8_t {
    read,
    write,
    flush,      // what was written and is done, is on the medium
    write_fua,  // done means on the medium
};

// For a flush block, count and pages mean nothing.
struct Request {
    Op op;
    std::uint16_t tag;    // comes back in Done
    std::uint32_t count;  // blocks, 1 to request_blocks_max
    std::uint64_t block;  // the first
    abi::PhysAddr pages[request_blocks_max];  // of each block, page-aligned
};

struct Done {
    std::uint16_t tag;
    abi::Status status;  // ok or io_error
};

struct Info {
    std::uint32_t blocks;  // what lies behind 16 TiB is not used
};

}  // namespace kernel::drivers

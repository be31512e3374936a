// Capability: the unforgeable name of one object with the rights to it.
//
// Capabilities live in slots of tables that environments paid for (one frame holds 128). All
// capabilities of one object form a forest rooted in the object's FrameInfo: `child` is the
// first that was derived from this one, `next`/`previous` are its siblings. Each frame
// capability maps its frame at most once, which makes revocation total without a search:
// deleting the capability breaks the one mapping made with it.
// Decision: kernel/design/0002-capabilities.md.
#pragma once

#include "kernel/abi/call.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/abi/rights.hpp"
#include "kernel/abi/types.hpp"

namespace kernel::cap {

using abi::CapRef;
using abi::CapType;
using abi::FrameNumber;
using abi::Rights;

struct Capability {
    CapType type;
    Rights rights;
    std::uint16_t reserved;
    FrameNumber object;     // the frame, or the frame the object lives in
    std::uint32_t mapping;  // frame: the page (relative to the window) it is mapped at, or 0;
                            // table: the first page it covers; slice: its position
    CapRef parent;          // 0: a root capability of its object
    CapRef next;
    CapRef previous;
    CapRef child;
    std::uint32_t reserved2;
};
static_assert(sizeof(Capability) == 32);
static_assert(sizeof(Capability) * abi::table_slots_per_frame == abi::page_size);

inline constexpr CapRef no_cap = 0;

constexpr CapRef ref_of(FrameNumber table_frame, std::uint32_t index) {
    return table_frame.value << 7 | index;
}
[[gnu::always_inline]] constexpr FrameNumber table_frame_of(CapRef ref) {
    return FrameNumber{ref >> 7};
}
constexpr std::uint32_t index_of(CapRef ref) { return ref & 127; }

}  // namespace kernel::cap

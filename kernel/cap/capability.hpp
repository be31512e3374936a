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

// A capability that was lent to another core is two halves: the lender's, a child of what it
// was derived from, and the borrower's, a root there. Each names the other.
enum class Link : std::uint8_t {
    none = 0,
    // ---- the lender's half, good for nothing but being deleted
    pending,    // the other core has not answered yet
    lent,
    recalling,  // the other core was told to delete its half
    // ---- the borrower's half
    borrowed,
    recalled,   // what was derived from it is being deleted; in System::recalls, by `next`
    returning,  // the other core was told that it is gone
};
constexpr bool is_lender(Link link) { return link >= Link::pending && link <= Link::recalling; }

struct Capability {
    CapType type;
    Rights rights;
    Link link;
    std::uint8_t core;      // of the other half
    FrameNumber object;     // the frame, or the frame the object lives in
    std::uint32_t mapping;  // frame: the page (relative to the window) it is mapped at, or 0;
                            // table: the first page it covers; slice: its position; extent: its
                            // first block; node: its block, in the tree
    CapRef parent;          // 0: a root capability of its object
    CapRef next;
    CapRef previous;
    CapRef child;
    CapRef peer;            // the other half; 0: it has none (a neighbour, since boot);
                            // of what cannot be lent: extent: how many blocks;
                            // node: its block's generation
};
static_assert(sizeof(Capability) == 32);
static_assert(sizeof(Capability) * abi::table_slots_per_frame == abi::page_size);

inline constexpr CapRef no_cap = 0;

constexpr std::uint32_t extent_first(const Capability& extent) { return extent.mapping; }
constexpr std::uint32_t extent_count(const Capability& extent) { return extent.peer; }

constexpr CapRef ref_of(FrameNumber table_frame, std::uint32_t index) {
    return table_frame.value << 7 | index;
}
[[gnu::always_inline]] constexpr FrameNumber table_frame_of(CapRef ref) {
    return FrameNumber{ref >> 7};
}
constexpr std::uint32_t index_of(CapRef ref) { return ref & 127; }

}  // namespace kernel::cap

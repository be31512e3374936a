// Account: who pays for frames, how many it may hold, and how many nobody can take from it.
//
// An account lives in a frame that its creator paid for. Accounts form a tree; `used` counts
// the whole subtree, so a sub-account is no way out of its parent's limit. Frames that may be
// repossessed and frames that may not (guaranteed ones, kernel objects) are in two lists, so
// that taking the next one is O(1) whatever the environment did.
//
// Decision: kernel/design/0003-accounts-and-revocation.md.
//
// Invariants: held == length(loose) + length(pinned); flagged + objects == length(pinned);
// used == held + sum of the sub-accounts' used; given == sum of their guarantees.
#pragma once

#include "kernel/abi/types.hpp"

namespace kernel::mem {

using abi::EnvId;
using abi::FrameNumber;
using abi::Instant;

inline constexpr std::uint32_t account_depth_max = 8;

struct FrameList {
    FrameNumber first{};  // the oldest
    FrameNumber last{};
};

struct Account {
    std::uint32_t limit;
    std::uint32_t guarantee;
    std::uint32_t given;    // guarantees handed on to sub-accounts
    std::uint32_t used;     // frames of the subtree
    std::uint32_t held;     // frames of its own
    std::uint32_t flagged;  // held, and put under the guarantee by frame_guarantee
    std::uint32_t objects;  // held, and kernel objects
    std::uint32_t depth;    // 1: the root account
    FrameNumber parent;
    FrameNumber bound;      // the environment (object) that revocation requests go to
    EnvId bound_id;
    FrameList loose;
    FrameList pinned;

    // The revocation under way (active): held must come down to `target` until `deadline`.
    bool active;
    EnvId requester;
    std::uint32_t target;
    std::uint32_t repossessed;
    Instant deadline;
    FrameNumber next_request;  // in the kernel's list of active requests

    // What it could still claim from the free frames by its guarantee.
    std::uint32_t claim() const {
        const std::uint32_t own = guarantee - given;
        return depth > 1 && own > held ? own - held : 0;
    }
};
static_assert(sizeof(Account) <= abi::page_size);

}  // namespace kernel::mem

// Holdings: the capabilities an environment holds: finding, deleting, revoking them.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

using abi::CapType;

// The slot's reference. Errors: bad_slot.
Result<CapRef> slot_of(const Env& env, Slot slot);
// The capability in a slot, of that type, with those rights. Errors, in this order: bad_slot,
// empty_slot, wrong_type, no_right.
Result<CapRef> find(System& system, const Env& env, Slot slot, CapType type, Rights rights);
// A slot that is empty. Errors: bad_slot, occupied_slot.
Result<CapRef> find_empty(System& system, const Env& env, Slot slot);
// The environment whose table holds the capability, and the slot there.
Env& holder(System& system, CapRef ref);
Slot slot_in_holder(System& system, CapRef ref);

// Is the capability the frame's only one, a root, childless, unmapped, with write and the
// frame ordinary memory? Then it may become a kernel object. Errors: busy.
Result<void> check_retype(System& system, CapRef ref);

// Gives the frames of downloaded code, or a tree, back that lie behind its first `kept`.
void release_row(System& system, FrameNumber object, std::uint32_t kept);

// Breaks the mapping made with a frame capability, leaving `value`; returns the usage bits.
std::uint64_t unmap(System& system, CapRef ref, std::uint64_t value);

// Why a capability may not be deleted now: busy, or ok.
Status deletable(System& system, CapRef ref);
// Deletes a capability (unmapping, freeing the object with its last one) after moving its
// children to its parent; true when it is gone, false when `steps` ran out first.
bool erase(System& system, CapRef ref, std::uint32_t& steps);
// Deletes everything derived from it; true when nothing is left.
bool revoke(System& system, CapRef ref, std::uint32_t& steps);

}  // namespace kernel::env

// Forest: the derivation links between the capabilities of one object.
//
// An object in another core's part of the pool has no record here: its borrowed capabilities
// are roots by themselves, without siblings.
//
// Every operation is O(1); walks over descendants are left to the caller, who takes one step
// at a time and counts them.
#pragma once

#include "kernel/cap/capability.hpp"
#include "kernel/mem/memory.hpp"

namespace kernel::cap {

class Forest {
public:
    explicit Forest(mem::Memory& memory) : memory_{memory} {}

    Capability& at(CapRef ref);

    // Fills the empty slot `ref` with a capability of `object` as `parent`'s newest child
    // (no_cap: as a root).
    void insert(CapRef ref, CapType type, Rights rights, FrameNumber object, CapRef parent);
    // Empties `ref`, which must have no child and no mapping.
    void remove(CapRef ref);
    // Makes the first child of `ref` a child of `heir` (no_cap: a root).
    void move_child(CapRef ref, CapRef heir);

private:
    bool alone(const Capability& capability) const;
    CapRef& head(FrameNumber object, CapRef parent);
    void link(CapRef ref, CapRef parent);
    void unlink(CapRef ref);

    mem::Memory& memory_;
};

}  // namespace kernel::cap

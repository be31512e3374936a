// Nursery: another environment while it is being made.
//
// The steps that spawn() and a copy-on-write fork share: an account and an environment of its
// own, frames charged to that account handed over to slots of the child's table, page tables
// where they are missing. Undone by destroy() as long as the child was opened.
#pragma once

#include "libos/rt/spawn.hpp"

namespace libos::rt {

class Nursery {
public:
    explicit Nursery(Environment& environment) : environment_{environment} {}

    // The account and the embryo. Errors: those of the calls; nothing is left then.
    Result<void> open(std::uint32_t limit_frames, std::uint32_t guarantee_frames);
    const Child& child() const { return child_; }

    // A frame charged to the child, in a slot of the parent's.
    Result<Slot> allocate() {
        return environment_.space().allocate(kernel::abi::any_frame, child_.account);
    }
    // Moves such a frame to slot `its`: the child has the only capability then.
    Result<void> hand_over(Slot slot, Slot its);
    // A page table of the child's, in its slot `its`. Errors: as table_install.
    Result<void> install(VirtAddr address, unsigned level, Slot its);
    // Maps the child's slot; tables must be there, or `spare` says from which slot on the child
    // has room for them. Errors: as map.
    Result<void> map(Slot its, VirtAddr address, Rights rights, std::uint32_t* spare = nullptr);
    // The child's table grows by 128 slots.
    Result<void> extend();
    // Account and console, with the rights that `options` say.
    Result<void> grant_basics(const SpawnOptions& options);

private:
    Result<void> open_account(std::uint32_t limit_frames, std::uint32_t guarantee_frames);
    Result<void> create();

    Environment& environment_;
    Child child_{};
};

}  // namespace libos::rt

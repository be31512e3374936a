// Ring: requests to a disk and their answers, in a page of the environment's own.
//
// Why thin: what to ask, in which order, how much at once and what to do meanwhile is the caller's
// policy. This keeps the ring's indices and waits.
// The protocol: kernel/abi/disk.hpp.
//
// Invariants: put - answered <= disk_requests_max; an answer is taken once.
#pragma once

#include <optional>

#include "libos/rt/environment.hpp"

namespace libos::disk {

using kernel::abi::DiskCompletion;
using kernel::abi::DiskOp;
using kernel::abi::DiskRequest;
using kernel::abi::Slot;

class Ring {
public:
    explicit Ring(rt::Environment& environment) : environment_{environment} {}

    // Maps a new page and makes it the ring on the extent's disk. Errors: as map and disk_ring.
    rt::Result<void> begin(Slot extent);

    bool full() const { return unanswered() == kernel::abi::disk_requests_max; }
    // Requests that were put in and whose answers were not taken.
    std::uint32_t unanswered() const { return put_ - taken_; }

    // Precondition: not full.
    void put(const DiskRequest& request);
    // By which capability of the same disk it submits from now on: the first one may go.
    void by(Slot blocks) { extent_ = blocks; }
    // Tells the kernel of all that was put in since; of what it does not take nothing is left.
    // Errors: as disk_submit.
    rt::Result<void> submit();

    // The next answer, if it is there.
    std::optional<DiskCompletion> take();
    // The next answer; sleeps until it is there. Precondition: something that was submitted is
    // unanswered.
    DiskCompletion wait();

private:
    bool answered() const;

    rt::Environment& environment_;
    kernel::abi::DiskRing* page_ = nullptr;
    Slot extent_{};
    std::uint32_t put_ = 0;
    std::uint32_t submitted_ = 0;
    std::uint32_t taken_ = 0;
};

}  // namespace libos::disk

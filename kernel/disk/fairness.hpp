// Fairness: whose request the disk gets next: deficit round robin by blocks.
//
// Each environment that has something waiting is visited in the order of its number and gets
// `quantum` blocks a unit of its weight; it may go on while it has any left, and what its last
// request took too much counts against its next visit (so no request has to be looked at before
// it is taken). Over any longer time backlogged environments get blocks by their weights, and
// a visit's size bounds how long any of them waits.
// Source: Shreedhar, Varghese, Efficient Fair Queuing using Deficit Round Robin, SIGCOMM 1995;
// with a surplus carried over: Adiseshu, Parulkar, Varghese, SIGCOMM 1996.
//
// Invariant: the credit of who has nothing waiting is not kept above 0.
#pragma once

#include "kernel/abi/disk.hpp"
#include "kernel/base/assert.hpp"

namespace kernel::disk {

class Fairness {
public:
    // A visit's blocks a weight: at least the largest request, so that one is enough.
    static constexpr std::int32_t quantum = abi::disk_request_blocks_max;

    // The number whose turn it is; `waits(number)`: has it anything? `weight(number)`: 1 or
    // more. 0: nobody has. At most two rounds.
    template <class Waits, class Weight>
    std::uint32_t next(Waits&& waits, Weight&& weight) {
        for (std::uint32_t visit = 0; visit < 2 * abi::environments_max; ++visit) {
            if (waits(at_)) {
                if (!visiting_) credit_[at_] += quantum * static_cast<std::int32_t>(weight(at_));
                visiting_ = true;
                if (credit_[at_] > 0) return at_;
            } else if (credit_[at_] > 0) {
                credit_[at_] = 0;
            }
            at_ = at_ + 1 < abi::environments_max ? at_ + 1 : 0;
            visiting_ = false;
        }
        return 0;
    }
    // The one just chosen was given a request of that many blocks, 0 for one that was refused.
    void used(std::uint32_t blocks) {
        CHITIN_ASSERT(blocks <= abi::disk_request_blocks_max);
        credit_[at_] -= static_cast<std::int32_t>(blocks);
    }
    // The number is somebody else's now.
    void forget(std::uint32_t number) { credit_[number] = 0; }

private:
    std::int32_t credit_[abi::environments_max] = {};
    std::uint32_t at_ = 0;
    bool visiting_ = false;  // at_ has been given its blocks
};

}  // namespace kernel::disk

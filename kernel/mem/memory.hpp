// Memory: the pool of page frames, their free list, and what they are charged to.
//
// The records (FrameInfo) are the ones every environment reads in the info window. Nothing is
// allocated behind the scenes: kernel objects are frames that somebody took here first.
//
// Invariants: every pool frame is in exactly one list: the free list, or one of its account's
// two; free_frames and reserved_frames of SystemInfo match the lists. The whole set is checked
// by sim/checkers/conservation.
#pragma once

#include <cstdint>

#include "kernel/abi/info.hpp"
#include "kernel/base/assert.hpp"
#include "kernel/base/result.hpp"
#include "kernel/machine/machine.hpp"
#include "kernel/mem/account.hpp"

namespace kernel::mem {

using abi::CapRef;
using abi::FrameInfo;
using abi::FrameState;
using abi::PhysAddr;
using abi::Status;
using base::Result;

class Memory {
public:
    Memory(machine::Core& core, abi::SystemInfo& system, FrameInfo* frames, abi::EnvInfo* envs,
           const abi::CostProfile& costs)
        : core_{core}, system_{system}, frames_{frames}, envs_{envs}, costs_{costs} {}

    machine::Core& core() { return core_; }
    abi::SystemInfo& system() { return system_; }
    const abi::CostProfile& costs() const { return costs_; }
    [[gnu::always_inline]] void charge(std::uint32_t cost_ns) {
        core_.charge(abi::Nanoseconds{cost_ns});
    }

    // Is `frame` one of the pool's?
    bool in_pool(FrameNumber frame) const {
        return frame.value - system_.pool_first.value < system_.pool_frames;
    }
    FrameInfo& frame(FrameNumber name);
    std::byte* view(PhysAddr address) { return core_.view(address); }
    // The kernel object in a frame.
    template <class T>
    T& object(FrameNumber name) {
        return *reinterpret_cast<T*>(core_.view(abi::address_of(name)));
    }

    // A zeroed frame, charged to the account, in state user; `name` may be any_frame.
    // Errors: bad_argument, frame_taken, over_limit, no_frames.
    Result<FrameNumber> take(FrameNumber account, FrameNumber name);
    // Gives a frame that no capability names any more back to the free list.
    void release(FrameNumber name);
    // Turns a user frame into a kernel object of `state`, or back (FrameState::user).
    void retype(FrameNumber name, FrameState state, FrameNumber owner);
    // Puts a user frame under its account's guarantee, or out of it. Errors: over_guarantee.
    Result<void> guarantee(FrameNumber name, bool on);

    Account& account(FrameNumber name) { return object<Account>(name); }
    // Makes the (zeroed, retyped) frame an account under `parent`. Errors: bad_argument,
    // over_guarantee.
    Result<void> open_account(FrameNumber name, FrameNumber parent, std::uint32_t limit,
                              std::uint32_t guaranteed);
    Result<void> limit_account(FrameNumber name, std::uint32_t limit, std::uint32_t guaranteed);
    // Hands its frames on to its parent, up to `steps` of them; true when it is empty.
    bool drain_account(FrameNumber name, std::uint32_t& steps);
    void close_account(FrameNumber name);
    // The environment its revocation requests go to; 0: none.
    void bind_account(FrameNumber name, FrameNumber env, EnvId id);

    // Boot only: the frame becomes the kernel's own.
    void claim_for_kernel(FrameNumber name);
    void push_free(FrameNumber name);

private:
    void unlink(FrameList& list, FrameNumber name);
    void append(FrameList& list, FrameNumber name);
    FrameList& list_of(FrameNumber name);
    Status may_take(const Account& account) const;
    void count_used(FrameNumber account, std::int32_t change);
    void count_held(Account& account, std::int32_t change);
    Result<void> set_guarantee(Account& account, std::uint32_t limit, std::uint32_t guaranteed);

    machine::Core& core_;
    abi::SystemInfo& system_;
    FrameInfo* frames_;
    abi::EnvInfo* envs_;
    abi::CostProfile costs_;
};

}  // namespace kernel::mem

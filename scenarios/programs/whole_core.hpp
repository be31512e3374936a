// Whole core: how a scheduler environment makes all of a core's time its own, to hand it out.
#pragma once

#include "libos/rt/program.hpp"

namespace scenarios::programs {

// The cycle gets one position of `slice`, without grace, bound to the caller, which has the cycle.
inline void own_all_time(libos::rt::Environment& env, kernel::abi::Nanoseconds slice) {
    namespace calls = libos::rt::calls;
    env.must(calls::cycle_shape(kernel::abi::slot_cycle, 1, slice, kernel::abi::Nanoseconds{0}),
             "shaping the cycle");
    const auto slot = env.must(env.space().take_slot(), "a slot");
    env.must(calls::slice_allocate(kernel::abi::slot_cycle, slot), "a slice");
    env.must(calls::slice_bind(slot), "binding a slice");
}

}  // namespace scenarios::programs

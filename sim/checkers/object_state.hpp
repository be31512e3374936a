// Which state the frame of a capability's object must have (kernel/abi/info.hpp).
#pragma once

#include "kernel/abi/info.hpp"
#include "kernel/cap/capability.hpp"

namespace sim::checkers {

/// Does an object in `state` fit the capability's type? For accounts see the frame's name too.
[[nodiscard]] inline bool names_state(const kernel::cap::Capability& cap,
                                      kernel::abi::FrameState state) {
    using kernel::abi::CapType;
    using kernel::abi::FrameState;
    switch (cap.type) {
        case CapType::frame:
            return state == FrameState::user ||
                   (state == FrameState::table &&
                    kernel::abi::includes(kernel::abi::Rights::read, cap.rights));
        case CapType::table: return state == FrameState::table;
        case CapType::environment: return state == FrameState::env;
        case CapType::account: return state == FrameState::account;
        case CapType::code: return state == FrameState::code;
        default: return state == FrameState::kernel;  // console, cycle, slice, disk, extent
    }
}

}  // namespace sim::checkers

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
        case CapType::node: return state == FrameState::tree;
        default: return state == FrameState::kernel;  // console, cycle, slice, disk, extent
    }
}

/// Is it one of several frames that follow one another and are one object?
[[nodiscard]] inline bool in_row(kernel::abi::FrameState state) {
    return state == kernel::abi::FrameState::code || state == kernel::abi::FrameState::tree;
}

/// Must a capability name a frame in that state? `first`: it is the first of its row.
[[nodiscard]] inline bool needs_name(kernel::abi::FrameState state, bool first) {
    using kernel::abi::FrameState;
    return state == FrameState::user || state == FrameState::table ||
           state == FrameState::account || (in_row(state) && first);
}

}  // namespace sim::checkers

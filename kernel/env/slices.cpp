#include "kernel/env/slices.hpp"

namespace kernel::env {

namespace {

abi::SliceInfo& slice_of(System& system, CapRef ref) {
    return system.cycle->slices[system.forest.at(ref).mapping];
}

void unbind(System& system, abi::SliceInfo& slice) {
    slice.env = abi::no_env;
    slice.binding = cap::no_cap;
    system.next_event = Instant{0};
}

}  // namespace

void name_slice(System& system, CapRef ref, std::uint32_t position) {
    system.forest.at(ref).mapping = position;
    abi::SliceInfo& slice = system.cycle->slices[position];
    if (slice.caps++ == 0) system.cycle->allocated++;
    system.next_event = Instant{0};
}

void forget_slice(System& system, CapRef ref) {
    abi::SliceInfo& slice = slice_of(system, ref);
    if (slice.binding == ref) unbind(system, slice);
    if (--slice.caps != 0) return;
    system.cycle->allocated--;
    slice = abi::SliceInfo{};
}

bool bind_slice(System& system, CapRef ref, const Env& env) {
    abi::SliceInfo& slice = slice_of(system, ref);
    if (slice.binding != cap::no_cap && slice.binding != ref) return false;
    if (slice.env != env.id) unbind(system, slice);
    slice.env = env.id;
    slice.binding = ref;
    return true;
}

void forget_owner(System& system, const Env& env) {
    for (abi::SliceInfo& slice : system.cycle->slices) {
        if (slice.env == env.id) unbind(system, slice);
    }
    if (system.cycle->idle == env.id) system.cycle->idle = abi::no_env;
}

Env* turn_owner(System& system) {
    const Turn& turn = system.turn;
    if (!turn.owned || turn.given) return nullptr;
    const EnvId id = system.cycle->slices[system.cycle->position].env;
    if (id == abi::no_env) return nullptr;
    Env& env = system.env(system.envs[id.value]);
    const abi::EnvState state = system.info(env).state;
    const bool lends = state == abi::EnvState::calling && turn.donee != FrameNumber{0};
    return state == abi::EnvState::runnable || lends ? &env : nullptr;
}

}  // namespace kernel::env

#include "kernel/cpu/predicates.hpp"

#include "kernel/code/object.hpp"
#include "kernel/env/charging.hpp"

namespace kernel::cpu {

namespace {

using abi::CapType;
using abi::FrameNumber;
using env::Env;
using env::System;

// Does the capability still name what it did, with that right?
bool still(System& system, cap::CapRef ref, CapType type, FrameNumber object, abi::Rights right) {
    const cap::Capability& capability = system.forest.at(ref);
    return capability.type == type && capability.object == object &&
           includes(capability.rights, right);
}

bool all_there(System& system, const env::Watch& watch) {
    return still(system, watch.code, CapType::code, watch.object, abi::Rights::execute) &&
           still(system, watch.windows[0], CapType::frame, watch.frames[0], abi::Rights::read) &&
           still(system, watch.windows[1], CapType::frame, watch.frames[1], abi::Rights::read);
}

}  // namespace

bool predicate_holds(System& system, Env& env) {
    const env::Watch& watch = env.watch;
    if (!all_there(system, watch)) return true;
    auto& object = system.memory.object<code::CodeObject>(watch.object);
    CHITIN_ASSERT(object.state == code::CodeState::ready);
    const code::Window windows[] = {
        {system.memory.view(abi::address_of(watch.frames[0])), abi::page_size, false},
        {system.memory.view(abi::address_of(watch.frames[1])), abi::page_size, false}};
    alignas(8) std::byte stack[abi::predicate_frames_max * code::frame_bytes];
    const std::uint64_t held = code::run(object.program(), object.compiled, windows, stack);
    env::charge_to(system, env,
                   code::price_of_run(object.verdict.steps_max, system.memory.costs().map));
    return held != 0;
}

}  // namespace kernel::cpu

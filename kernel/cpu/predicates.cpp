#include "kernel/cpu/predicates.hpp"

#include "kernel/code/interpreter.hpp"
#include "kernel/code/object.hpp"

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

// It is env's time that passes, not that of who is on the core.
void charge_to(System& system, Env& env, std::uint32_t price_ns) {
    const std::uint64_t before = system.core.now().value;
    system.memory.charge(price_ns);
    const std::uint64_t taken = system.core.now().value - before;
    system.info(env).time_ns += taken;
    if (system.loaded.value != 0) system.env(system.loaded).started.value += taken;
    for (std::uint32_t i = 0; i < system.cycle->positions; ++i) {
        abi::SliceInfo& slice = system.cycle->slices[i];
        if (slice.env != env.id) continue;
        slice.debt_ns += taken;
        slice.overrun_ns += taken;
        return;
    }
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
    const std::uint64_t held =
        code::interpret(object.program(), {code::arguments_of(windows), stack, {}});
    charge_to(system, env,
              code::price_of_run(object.verdict.steps_max, system.memory.costs().map));
    return held != 0;
}

}  // namespace kernel::cpu

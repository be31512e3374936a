// Calls on the core's time: slices and the cycle they make up.
#include "kernel/env/slices.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

// The position to allocate. Errors: bad_argument, slice_taken, no_slices.
Result<std::uint32_t> choose_position(const abi::CycleInfo& cycle, std::uint64_t wanted) {
    if (wanted != abi::any_position) {
        if (wanted >= cycle.positions) return base::error(Status::bad_argument);
        const auto position = static_cast<std::uint32_t>(wanted);
        if (cycle.slices[position].caps != 0) return base::error(Status::slice_taken);
        return position;
    }
    for (std::uint32_t position = 0; position < cycle.positions; ++position) {
        if (cycle.slices[position].caps == 0) return position;
    }
    return base::error(Status::no_slices);
}

bool allocated_from(const abi::CycleInfo& cycle, std::uint64_t first) {
    for (std::uint64_t position = first; position < cycle.positions; ++position) {
        if (cycle.slices[position].caps != 0) return true;
    }
    return false;
}

}  // namespace

Value slice_allocate(System& system, Env& caller, const Arguments& arguments) {
    const CapRef from =
        TRY(env::find(system, caller, arguments.slot(0), CapType::cycle, Rights::allocate));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(1)));
    const std::uint32_t position = TRY(choose_position(*system.cycle, arguments.word(2)));
    system.forest.insert(to, CapType::slice, Rights::all, system.forest.at(from).object, from);
    env::name_slice(system, to, position);
    system.memory.charge(system.memory.costs().capability);
    return position;
}

Value slice_bind(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref =
        TRY(env::find(system, caller, arguments.slot(0), CapType::slice, Rights::manage));
    Env* const target = TRY(find_env(system, caller, arguments.slot(1)));
    if (!env::bind_slice(system, ref, *target)) return base::error(Status::busy);
    return 0;
}

Value cycle_shape(System& system, Env& caller, const Arguments& arguments) {
    TRY(env::find(system, caller, arguments.slot(0), CapType::cycle, Rights::manage));
    const std::uint64_t positions = arguments.word(1);
    const std::uint64_t length = arguments.word(2);
    const std::uint64_t grace = arguments.word(3);
    if (positions == 0 || positions > abi::positions_max || length < abi::slice_ns_min ||
        length > abi::slice_ns_max || grace > length) {
        return base::error(Status::bad_argument);
    }
    abi::CycleInfo& cycle = *system.cycle;
    if (allocated_from(cycle, positions)) return base::error(Status::busy);
    cycle.positions = static_cast<std::uint32_t>(positions);
    cycle.slice_ns = length;
    cycle.grace_ns = grace;
    return 0;
}

Value cycle_idle(System& system, Env& caller, const Arguments& arguments) {
    TRY(env::find(system, caller, arguments.slot(0), CapType::cycle, Rights::manage));
    abi::EnvId receiver = abi::no_env;
    if (arguments.word(1) <= 0xffff'ffff) {
        const Env* const target = TRY(find_env(system, caller, arguments.slot(1)));
        receiver = target->id;
    }
    system.cycle->idle = receiver;
    system.next_event = abi::Instant{0};
    return 0;
}

}  // namespace kernel::syscall

// Calls on capabilities: derive, grant, delete, revoke, identify.
#include "kernel/env/extents.hpp"
#include "kernel/env/lending.hpp"
#include "kernel/env/slices.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

void derive(System& system, CapRef from, CapRef to, Rights rights) {
    const Capability source = system.forest.at(from);
    // A view of a table is a frame that can only be read.
    const CapType type = source.type == CapType::table ? CapType::frame : source.type;
    system.forest.insert(to, type, rights, source.object, from);
    if (type == CapType::slice) env::name_slice(system, to, source.mapping);
    if (type == CapType::extent) {
        env::name_extent(system, to, cap::extent_first(source), cap::extent_count(source));
    }
    if (type == CapType::node) {
        system.forest.at(to).mapping = source.mapping;
        system.forest.at(to).peer = source.peer;
    }
    system.memory.charge(system.memory.costs().capability);
}

// The object of the environment capability in a slot. Errors: as find.
Result<FrameNumber> find_managed(System& system, const Env& caller, Slot slot) {
    const CapRef ref =
        TRY(env::find(system, caller, slot, CapType::environment, Rights::manage));
    return system.forest.at(ref).object;
}

}  // namespace

Result<CapRef> find_source(System& system, const Env& caller, Slot slot) {
    const CapRef ref = TRY(env::slot_of(caller, slot));
    const Capability& source = system.forest.at(ref);
    if (source.type == CapType::none) return base::error(Status::empty_slot);
    if (!includes(source.rights, Rights::grant)) return base::error(Status::no_right);
    return ref;
}

Result<Rights> fewer(const Capability& source, std::uint64_t wanted) {
    if (wanted > static_cast<std::uint64_t>(Rights::all)) return base::error(Status::bad_argument);
    const auto rights = static_cast<Rights>(wanted);
    const Rights most = source.type == CapType::table ? Rights::read : source.rights;
    if (!includes(most, rights)) return base::error(Status::bad_argument);
    return rights;
}

Value done_or_again(System& system, Env& caller, bool done) {
    if (!done && system.waits) env::sleep_until_answer(system, caller);
    if (!done) return base::error(Status::again);
    return 0;
}

Result<Env*> find_env(System& system, const Env& caller, Slot slot) {
    const FrameNumber object = TRY(find_managed(system, caller, slot));
    if (system.elsewhere(object)) return base::error(Status::other_core);
    Env& target = system.env(object);
    if (system.info(target).state == abi::EnvState::dying) return base::error(Status::bad_state);
    return &target;
}

Value null(System&, Env&, const Arguments&) { return 0; }

Value cap_derive(System& system, Env& caller, const Arguments& arguments) {
    const CapRef from = TRY(find_source(system, caller, arguments.slot(0)));
    const Rights rights = TRY(fewer(system.forest.at(from), arguments.word(2)));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(1)));
    derive(system, from, to, rights);
    return 0;
}

Value cap_grant(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef from = TRY(find_source(system, caller, arguments.slot(1)));
    if (system.forest.at(from).type == CapType::table) return base::error(Status::wrong_type);
    const Rights rights = TRY(fewer(system.forest.at(from), arguments.word(3)));
    const CapRef to = TRY(env::find_empty(system, *target, arguments.slot(2)));
    derive(system, from, to, rights);
    return 0;
}

Value cap_lend(System& system, Env& caller, const Arguments& arguments) {
    const FrameNumber target = TRY(find_managed(system, caller, arguments.slot(0)));
    const CapRef from = TRY(find_source(system, caller, arguments.slot(1)));
    const Capability& source = system.forest.at(from);
    const bool lendable = source.type == CapType::frame || source.type == CapType::environment ||
                          source.type == CapType::console;
    if (!lendable) return base::error(Status::wrong_type);
    const Rights rights = TRY(fewer(source, arguments.word(3)));
    const std::uint32_t to = system.mesh.core_of(target);
    if (!system.elsewhere(target) || system.mesh.core_of(source.object) == to) {
        return base::error(Status::other_core);
    }
    const CapRef half = TRY(env::find_empty(system, caller, arguments.slot(4)));
    if (!env::lend(system, caller, {from, half, target, arguments.word(2), rights})) {
        env::sleep_until_answer(system, caller);
        return base::error(Status::again);
    }
    return 0;
}

Value cap_delete(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(env::slot_of(*target, arguments.slot(1)));
    if (system.forest.at(ref).type == CapType::none) return base::error(Status::empty_slot);
    const Status status = env::deletable(system, ref);
    if (status != Status::ok) return base::error(status);
    std::uint32_t steps = env::steps_per_call;
    system.waits = false;
    return done_or_again(system, caller, env::erase(system, ref, steps));
}

Value cap_revoke(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(env::slot_of(caller, arguments.slot(0)));
    if (system.forest.at(ref).type == CapType::none) return base::error(Status::empty_slot);
    std::uint32_t steps = env::steps_per_call;
    system.waits = false;
    return done_or_again(system, caller, env::revoke(system, ref, steps));
}

Value cap_identify(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(env::slot_of(*target, arguments.slot(1)));
    const Capability& capability = system.forest.at(ref);
    return static_cast<std::uint64_t>(capability.type) |
           static_cast<std::uint64_t>(capability.rights) << 8 |
           std::uint64_t{capability.object.value} << 32;
}

}  // namespace kernel::syscall

// Calls on capabilities: derive, grant, delete, revoke, identify.
#include "kernel/env/slices.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

// A capability that may be derived from. Errors: bad_slot, empty_slot, no_right.
Result<CapRef> find_source(System& system, const Env& caller, Slot slot) {
    const CapRef ref = TRY(env::slot_of(caller, slot));
    const Capability& source = system.forest.at(ref);
    if (source.type == CapType::none) return base::error(Status::empty_slot);
    if (!includes(source.rights, Rights::grant)) return base::error(Status::no_right);
    return ref;
}

// Errors: bad_argument.
Result<Rights> fewer(const Capability& source, std::uint64_t wanted) {
    if (wanted > static_cast<std::uint64_t>(Rights::all)) return base::error(Status::bad_argument);
    const auto rights = static_cast<Rights>(wanted);
    const Rights most = source.type == CapType::table ? Rights::read : source.rights;
    if (!includes(most, rights)) return base::error(Status::bad_argument);
    return rights;
}

void derive(System& system, CapRef from, CapRef to, Rights rights) {
    const Capability source = system.forest.at(from);
    // A view of a table is a frame that can only be read.
    const CapType type = source.type == CapType::table ? CapType::frame : source.type;
    system.forest.insert(to, type, rights, source.object, from);
    if (type == CapType::slice) env::name_slice(system, to, source.mapping);
    system.memory.charge(system.memory.costs().capability);
}

Value done_or_again(bool done) {
    if (!done) return base::error(Status::again);
    return 0;
}

}  // namespace

Result<Env*> find_env(System& system, const Env& caller, Slot slot) {
    const CapRef ref =
        TRY(env::find(system, caller, slot, CapType::environment, Rights::manage));
    Env& target = system.env(system.forest.at(ref).object);
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

Value cap_delete(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(env::slot_of(*target, arguments.slot(1)));
    if (system.forest.at(ref).type == CapType::none) return base::error(Status::empty_slot);
    const Status status = env::deletable(system, ref);
    if (status != Status::ok) return base::error(status);
    std::uint32_t steps = env::steps_per_call;
    return done_or_again(env::erase(system, ref, steps));
}

Value cap_revoke(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(env::slot_of(caller, arguments.slot(0)));
    if (system.forest.at(ref).type == CapType::none) return base::error(Status::empty_slot);
    std::uint32_t steps = env::steps_per_call;
    return done_or_again(env::revoke(system, ref, steps));
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

// Calls on environments: create, extend, start, vector, destroy, exit.
#include "kernel/env/creation.hpp"
#include "kernel/env/destruction.hpp"
#include "kernel/env/running.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

constexpr std::uint64_t user_address_end = std::uint64_t{1} << 47;

// A frame of the caller that may become a kernel object. Errors: as find, no_right, busy.
Result<CapRef> find_material(System& system, const Env& caller, Slot slot) {
    const CapRef ref = TRY(env::find(system, caller, slot, CapType::frame, Rights::none));
    TRY(env::check_retype(system, ref));
    return ref;
}

// Empties a slot whose frame becomes an object that no capability names.
FrameNumber consume(System& system, CapRef ref) {
    const FrameNumber frame = system.forest.at(ref).object;
    system.forest.remove(ref);
    return frame;
}

}  // namespace

Value env_create(System& system, Env& caller, const Arguments& arguments) {
    const CapRef payer = TRY(
        env::find(system, caller, arguments.slot(0), CapType::account, Rights::manage));
    const FrameNumber account = system.forest.at(payer).object;
    if (system.memory.account(account).bound.value != 0) return base::error(Status::busy);
    const CapRef object = TRY(find_material(system, caller, arguments.slot(1)));
    const CapRef table = TRY(find_material(system, caller, arguments.slot(2)));
    const CapRef root = TRY(find_material(system, caller, arguments.slot(3)));
    if (object == table || table == root || root == object) {
        return base::error(Status::bad_argument);
    }
    const abi::EnvId id = TRY(env::free_id(system));

    Capability& name = system.forest.at(object);
    name.type = CapType::environment;
    name.rights = Rights::manage | Rights::grant | Rights::call;
    const env::EnvFrames frames{name.object, consume(system, table), consume(system, root)};
    env::create(system, id, frames, account, caller.id);
    return id.value;
}

Value env_extend(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(find_material(system, caller, arguments.slot(1)));
    if (target->table_frame_count == abi::env_table_frames_max) {
        return base::error(Status::over_limit);
    }
    env::extend_table(system, *target, consume(system, ref));
    return 0;
}

Value env_start(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    if (system.info(*target).state != abi::EnvState::embryo) {
        return base::error(Status::bad_state);
    }
    const std::uint64_t entry = arguments.word(1);
    const std::uint64_t stack = arguments.word(2);
    if (entry >= user_address_end || stack >= user_address_end) {
        return base::error(Status::bad_address);
    }
    abi::SavedState& regs = target->context.regs;
    regs.rip = entry;
    regs.rsp = stack;
    regs.rdi = arguments.word(3);
    regs.rflags = 0x202;
    target->context.resume = machine::Resume::full;
    env::make_runnable(system, *target);
    return 0;
}

Value env_vector(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(env::find(system, *target, arguments.slot(1), CapType::frame,
                                     Rights::read | Rights::write));
    const Capability& capability = system.forest.at(ref);
    if (system.elsewhere(capability.object)) return base::error(Status::other_core);
    if (capability.mapping == 0) return base::error(Status::not_mapped);
    target->vector = ref;
    target->page = &system.memory.object<abi::UpcallPage>(capability.object);
    target->page_address =
        system.window_base + (std::uint64_t{capability.mapping} << abi::page_shift);
    system.next_event = abi::Instant{0};  // what has been pending can be told now
    return 0;
}

Value env_destroy(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(env::find(system, caller, arguments.slot(0), CapType::environment,
                                     Rights::manage));
    if (system.elsewhere(system.forest.at(ref).object)) return base::error(Status::other_core);
    Env& target = system.env(system.forest.at(ref).object);
    if (target.self == caller.self) return base::error(Status::bad_state);
    system.waits = false;
    return done_or_again(system, caller, env::destroy_step(system, target, ref));
}

Value env_exit(System& system, Env& caller, const Arguments& arguments) {
    env::end(system, caller, abi::EndReason::exited,
             static_cast<std::uint32_t>(arguments.word(0)));
    return 0;
}

}  // namespace kernel::syscall

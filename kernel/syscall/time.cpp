// Calls on time: yield, compute, now.
#include "kernel/env/running.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

Value yield(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    if (system.info(*target).state != abi::EnvState::runnable) {
        return base::error(Status::bad_state);
    }
    if (target->self == caller.self) {
        env::give_way(system, caller);
    } else {
        env::run_next(system, caller, *target);
    }
    return 0;
}

Value compute(System& system, Env&, const Arguments& arguments) {
    const std::uint64_t wanted = arguments.word(0);
    if (wanted > abi::compute_ns_max) return base::error(Status::bad_argument);
    const abi::Instant now = system.core.now();
    const std::uint64_t until_due =
        system.next_event > now ? system.next_event.value - now.value : 0;
    const std::uint64_t part = base::min(wanted, until_due);
    system.core.charge(abi::Nanoseconds{part});
    return wanted - part;
}

Value now(System& system, Env&, const Arguments&) { return system.core.now().value; }

}  // namespace kernel::syscall

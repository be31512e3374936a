// Calls on time: yield, compute, now.
#include "kernel/env/remote.hpp"
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
    const abi::Instant wanted_end{now.value + wanted};
    // What is due, not what is the horizon: when that is reached must not show.
    const abi::Instant due =
        system.next_event == system.horizon ? system.event_due : system.next_event;
    abi::Instant end = base::min(wanted_end, base::max(due, now));
    if (end >= system.horizon) end = base::max(env::await_mail(system, end), now);
    system.core.charge(abi::Nanoseconds{end.value - now.value});
    return wanted_end.value - end.value;
}

Value now(System& system, Env&, const Arguments&) { return system.core.now().value; }

}  // namespace kernel::syscall

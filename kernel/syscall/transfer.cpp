// Calls between environments: wake, protected control transfer.
#include "kernel/env/remote.hpp"
#include "kernel/env/running.hpp"
#include "kernel/env/transfer.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

// The object of one that `slot` may be called through. Errors: as find.
Result<FrameNumber> find_callee(System& system, const Env& caller, Slot slot) {
    const CapRef ref = TRY(env::find(system, caller, slot, CapType::environment, Rights::call));
    return system.forest.at(ref).object;
}

// Errors: bad_state (not started, or ended).
Result<Env*> living(System& system, FrameNumber object) {
    Env& target = system.env(object);
    if (!env::lives(system.info(target).state)) return base::error(Status::bad_state);
    return &target;
}

}  // namespace

bool may_sleep(System& system, Env& caller, abi::Instant wake) {
    const abi::UpcallPage* page = caller.page;
    const bool told = page != nullptr && page->pending != 0;
    const bool woken = caller.woken;
    caller.woken = false;
    if (woken) system.core.probe(machine::Probe::wake_before_park);
    return !told && !woken && caller.pending.bits == 0 && wake > system.core.now();
}

Value park(System& system, Env& caller, const Arguments& arguments) {
    const abi::Instant wake{arguments.word(0)};
    if (may_sleep(system, caller, wake)) env::park(system, caller, wake);
    return 0;
}

Value wake(System& system, Env& caller, const Arguments& arguments) {
    const FrameNumber object = TRY(find_callee(system, caller, arguments.slot(0)));
    if (system.elsewhere(object)) {
        system.waits = true;
        return done_or_again(system, caller, env::wake_far(system, object));
    }
    env::wake_up(system, *TRY(living(system, object)));
    return 0;
}

Value transfer_call(System& system, Env& caller, const Arguments& arguments) {
    const FrameNumber object = TRY(find_callee(system, caller, arguments.slot(0)));
    const env::Words words = {arguments.word(1), arguments.word(2), arguments.word(3),
                              arguments.word(4), arguments.word(5)};
    if (system.elsewhere(object)) {
        if (!env::call_far(system, caller, object, words)) return base::error(Status::busy);
        return 0;
    }
    Env* const target = TRY(living(system, object));
    if (target->self == caller.self) return base::error(Status::bad_state);
    if (!target->receiving) {
        system.core.probe(machine::Probe::call_refused_busy);
        return base::error(Status::busy);
    }
    env::transfer(system, caller, *target, words);
    return 0;
}

Value transfer_wait(System& system, Env& caller, const Arguments& arguments) {
    if (caller.page == nullptr) return base::error(Status::bad_state);
    const abi::Instant wake{arguments.word(0)};
    if (caller.caller.value != 0) {
        const env::Words words = {arguments.word(1), arguments.word(2), arguments.word(3),
                                  arguments.word(4), arguments.word(5)};
        env::reply(system, caller, words, may_sleep(system, caller, wake) ? wake : abi::Instant{0});
        return 0;
    }
    if (!may_sleep(system, caller, wake)) return 0;
    env::park(system, caller, wake);
    caller.receiving = true;
    return 0;
}

}  // namespace kernel::syscall

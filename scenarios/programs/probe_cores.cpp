// probe_cores: does to other cores what no honest program does, and says what did not fail as
// documented.
//
// Core 0's root environment compares statuses with kernel/abi/call.hpp and looks at what is left
// on each core; the worst times of what is bounded are result lines. At the end:
// {"checks":N,"failures":M}, exit code 0 or 1, with a call and a loan still under way.
#include "scenarios/programs/probe_cores.hpp"

#include "scenarios/programs/probe_cores_ends.hpp"
#include "scenarios/programs/probe_cores_floods.hpp"
#include "scenarios/programs/probe_cores_lending.hpp"
#include "scenarios/programs/probe_cores_worker.hpp"

namespace scenarios::probe_cores {

int Director::run() {
    prepare();
    lending_refused();
    halves_are_good_for_nothing();
    borrowed_memory();
    borrowed_environments();
    revoked_everywhere();
    deleted_from_either_end();
    crossings();
    borrower_destroyed();
    lender_destroyed();
    both_destroyed();
    lent_into_the_dying();
    callee_destroyed();
    caller_destroyed();
    calls_refused();
    circle();
    floods();
    ends_amid_calls();
    floods_of_loans();
    loans_from_all_cores();
    slices_of_others();
    repossession(false);
    repossession(true);
    computing_neighbour();
    last_name_given_back();
    silent_core();
    libos::rt::JsonLine line;
    line.add("checks", checks_).add("failures", failures_);
    env_.report(line);
    // Ends while core 1 asks for a revocation, and core 2 calls.
    const Slot spare = slot_on(1);
    static_cast<void>(lend(1, frame_, its_[1], shared, half_));
    right_on(1, Call::cap_lend, "on, before the end",
             {{peer(2).value, its_[1].value, its_[2].value, read, spare.value}});
    later_on(1, Call::cap_revoke, {{its_[1].value}}, 300);
    later_on(2, Call::transfer_call, {{peer(0).value}}, 300);
    return failures_ == 0 ? 0 : 1;
}

int run(Environment& env) {
    if (env.start().argument != root) return misbehave(env);
    if (env.info().system().core == 0) return Director{env}.run();
    return Worker{env}.run();
}

}  // namespace scenarios::probe_cores

CHITIN_PROGRAM(probe_cores, "Treats other cores wrongly in every way, and says what did not fail.",
               libos::rt::no_parameters, scenarios::probe_cores::run)

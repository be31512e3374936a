// Floods: more loans at once than a pair of cores has credits for, calls whose caller or callee
// goes at any time, and slices bound, lent and granted across cores.
//
// Part of program probe_cores; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe_cores_ends.hpp"

namespace scenarios::probe_cores {

constexpr unsigned lenders_most = 8;  // a pair of cores has six credits for capabilities

// So many slots one behind the other, out of those that `take` takes; the first one's number.
template <class Take>
Word row(unsigned count, Take&& take) {
    Word first = take().value;
    for (unsigned got = 1; got < count;) {
        const Word next = take().value;
        if (next != first + got) {
            first = next;
            got = 0;
        }
        ++got;
    }
    return first;
}

// Eight children lend into eight slots of core 1 each, all at once; one revocation ends it all.
inline void Director::floods_of_loans() {
    const Word free = free_frames();
    const Word first = row(lenders_most * loans, [&] { return slot_on(1); });
    const auto its = [first](Word i) { return Slot{static_cast<std::uint32_t>(first + i)}; };
    libos::rt::Child children[lenders_most];
    for (unsigned i = 0; i < lenders_most; ++i) {
        children[i] = child(lends, its(i * loans).value);
        give(children[i], frame_, slot_frame, Rights::read | Rights::grant);
    }
    for (const auto& each : children) give(each, peer(1), slot_peer, Rights::manage);
    sleep(800'000);
    constexpr unsigned all = lenders_most * loans;
    for (unsigned i = 0; i < all; ++i) {
        expect("lent in a flood", 0, empty_on(1, its(i)) ? 1 : 0);
    }
    const Answer revoked = call_now(env_, Call::cap_revoke, {{frame_.value}});
    expect("revoking a flood of loans", Status::ok, revoked.status);
    for (unsigned i = 0; i < all; ++i) {
        expect("nothing of it is left", 1, empty_on(1, its(i)) ? 1 : 0);
    }
    for (const auto& each : children) libos::rt::destroy(env_, each);
    expect("frames returned", free, free_frames());
    worst("revoke 64 loans of a frame", revoked.ns);
}

// Two children on each other core lend to core 0, all at once.
inline void Director::loans_from_all_cores() {
    constexpr unsigned each_core = 2;
    const Word base = row(cores * each_core * loans, [&] { return slot(); });
    const auto mine = [base](Word i) { return Slot{static_cast<std::uint32_t>(base + i)}; };
    libos::rt::Child far[cores][each_core];
    Slot frames[cores];
    for (std::uint32_t core = 1; core < cores; ++core) {
        frames[core] = slot_on(core);
        right_on(core, Call::frame_allocate, "a frame of its own",
                 {{kernel::abi::slot_account.value, frames[core].value,
                   kernel::abi::any_frame.value}});
        for (unsigned i = 0; i < each_core; ++i) {
            const Word first = mine((core * each_core + i) * loans).value;
            far[core][i] = child_on(core, static_cast<Manner>(lends | first << 32));
            right_on(core, Call::cap_grant, "what to lend",
                     {{far[core][i].env.value, frames[core].value, slot_frame.value,
                       word_of(Rights::read | Rights::grant)}});
        }
    }
    for (std::uint32_t core = 1; core < cores; ++core) {
        for (const auto& each : far[core]) {
            right_on(core, Call::cap_grant, "to whom",
                     {{each.env.value, peer(0).value, slot_peer.value,
                       word_of(Rights::manage)}});
        }
    }
    sleep(800'000);
    for (std::uint32_t core = 1; core < cores; ++core) {
        const unsigned first = core * each_core * loans;
        for (unsigned i = first; i < first + each_core * loans; ++i) {
            expect("lent by all cores", 0, empty(mine(i)) ? 1 : 0);
        }
        right_on(core, Call::cap_revoke, "from core 0", {{frames[core].value}});
        for (unsigned i = first; i < first + each_core * loans; ++i) {
            expect("taken back by each core", 1, empty(mine(i)) ? 1 : 0);
        }
        for (const auto& each : far[core]) destroy_on(core, each);
        right_on(core, Call::cap_delete, "the frame", {{0, frames[core].value}});
    }
}

// A client on core 0 calls a server on core 1 without pause; either is destroyed, at all distances
// in time. The server of a caller that is gone serves on.
inline void Director::ends_amid_calls() {
    const Word free = free_frames();
    for (Word delay = 0; delay < 6000; delay += 200) {
        const bool caller_goes = delay % 400 == 0;
        const auto server = child_on(1, serves);
        const Slot env = borrow(1, server.env, all_of_env);
        const auto client = child(asks, 100'000);
        sleep(100'000);
        give(client, env, slot_peer, Rights::call);
        if (caller_goes) {
            sleep(10'000 + delay);
            libos::rt::destroy(env_, client);
            Status status = Status::busy;
            for (unsigned i = 0; i < 100 && status == Status::busy; ++i) {
                status = own(Call::transfer_call, {{env.value}});
            }
            expect("the server of one that went", Status::ok, status);
            destroy_on(1, server);
        } else {
            later_on(1, Call::env_destroy, {{server.env.value}}, 10'000 + delay);
            const auto last = static_cast<Status>(libos::rt::wait(env_, client));
            const bool told = last == Status::callee_gone || last == Status::bad_state ||
                              last == Status::no_right || last == Status::empty_slot;
            expect("the caller of one that went is told", 1, told ? 1 : 0);
            expect("it went", Status::ok, outcome(1));
            right_on(1, Call::cap_delete, "its account", {{0, server.account.value}});
            libos::rt::destroy(env_, client);
        }
        expect("its name went", 1, empty(env) ? 1 : 0);
        env_.space().give_slot(env);
    }
    expect("frames returned", free, free_frames());
}

// A core's time is its own: neither slices nor the cycle go to another core, and what another core
// has of an environment does not bind its time.
inline void Director::slices_of_others() {
    const Word cycle = kernel::abi::slot_cycle.value;
    const Word any = kernel::abi::any_position;
    const Slot slice = slot();
    const Slot unused = slot();
    const Slot spare = slot_on(1);
    const Slot slice_there = slot_on(1);
    const auto far = child_on(1, sleeps);
    const auto near = child(sleeps);
    const Slot far_here = borrow(1, far.env, all_of_env);
    expect("lending", Status::ok, lend(1, near.env, its_[1], word_of(all_of_env), half_));
    right(Call::slice_allocate, "a slice", {{cycle, slice.value, any}});
    for (const Slot whose : {peer(1), far_here}) {
        wrong(Call::slice_bind, "to another core", Status::other_core,
              {{slice.value, whose.value}});
        wrong(Call::cycle_idle, "to another core", Status::other_core, {{cycle, whose.value}});
        wrong(Call::yield, "to another core", Status::other_core, {{whose.value}});
        for (const Word what : {Word{slice.value}, cycle}) {
            wrong(Call::cap_grant, "a core's time", Status::other_core,
                  {{whose.value, what, spare.value, 0}});
            wrong(Call::cap_lend, "a core's time", Status::wrong_type,
                  {{whose.value, what, spare.value, 0, unused.value}});
        }
    }
    right_on(1, Call::slice_allocate, "there", {{cycle, slice_there.value, 3}});
    right_on(1, Call::slice_bind, "to its own", {{slice_there.value, far.env.value}});
    wrong_on(1, Call::slice_bind, "to what it borrowed", Status::other_core,
             {{slice_there.value, its_[1].value}});
    wrong_on(1, Call::cycle_idle, "to what it borrowed", Status::other_core,
             {{cycle, its_[1].value}});
    right_on(1, Call::cap_delete, "what it borrowed", {{0, its_[1].value}});
    right(Call::cap_delete, "what is borrowed", {{0, far_here.value}});
    wrong_on(1, Call::cycle_shape, "a position is still taken", Status::busy,
             {{cycle, 1, 1'000'000, 0}});
    destroy_on(1, far);
    right_on(1, Call::cap_delete, "the slice", {{0, slice_there.value}});
    right(Call::cap_revoke, "the cycle", {{cycle}});
    expect("the slice went with the cycle", 1, empty(slice) ? 1 : 0);
    libos::rt::destroy(env_, near);
    for (const Slot each : {slice, unused, far_here}) env_.space().give_slot(each);
}

}  // namespace scenarios::probe_cores

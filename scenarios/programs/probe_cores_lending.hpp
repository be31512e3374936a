// Lending: every wrong way to lend, what halves and borrowed capabilities are not good for, and
// what is left when either end, or both, delete them.
//
// Part of program probe_cores; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe_cores.hpp"

namespace scenarios::probe_cores {

inline void Director::prepare() {
    region_ = env_.space().reserve(512).value;
    leaf_ = env_.must(env_.space().install_leaf(VirtAddr{region_}), "a leaf table");
    frame_ = frame();
    half_ = slot();
    for (std::uint32_t core = 1; core < cores; ++core) its_[core] = slot_on(core);
}

inline void Director::lending_refused() {
    constexpr Call lend_call = Call::cap_lend;
    const Words good{{peer(1).value, frame_.value, its_[1].value, read, half_.value}};
    const Slot poor_peer = derived(peer(1), Rights::grant | Rights::call);
    const Slot poor_frame = derived(frame_, Rights::read);
    const Slot slice = slot();
    const auto local = child(sleeps);
    const Word beyond[] = {65536, Word{1} << 32, all_ones};
    for (const Word slot : beyond) {
        wrong(lend_call, "environment beyond", Status::bad_slot, good.with(0, slot));
        wrong(lend_call, "source beyond", Status::bad_slot, good.with(1, slot));
        wrong(lend_call, "half beyond", Status::bad_slot, good.with(4, slot));
        wrong(lend_call, "its slot beyond", Status::bad_slot, good.with(2, slot));
    }
    wrong(lend_call, "no environment", Status::empty_slot, good.with(0, half_.value));
    wrong(lend_call, "to a frame", Status::wrong_type, good.with(0, frame_.value));
    wrong(lend_call, "to one not managed", Status::no_right, good.with(0, poor_peer.value));
    wrong(lend_call, "to itself", Status::other_core, good.with(0, 0));
    wrong(lend_call, "to a neighbour of this core", Status::other_core,
          good.with(0, local.env.value));
    wrong(lend_call, "nothing", Status::empty_slot, good.with(1, half_.value));
    wrong(lend_call, "what may not be granted", Status::no_right, good.with(1, poor_frame.value));
    right(Call::slice_allocate, "a slice",
          {{kernel::abi::slot_cycle.value, slice.value, kernel::abi::any_position}});
    for (const Slot source : {kernel::abi::slot_account, kernel::abi::slot_cycle, slice, leaf_}) {
        wrong(lend_call, "what belongs to its core", Status::wrong_type,
              good.with(1, source.value));
    }
    wrong(lend_call, "type before rights", Status::wrong_type,
          good.with(1, leaf_.value).with(3, 256));
    wrong(lend_call, "more than all rights", Status::bad_argument, good.with(3, 256));
    wrong(lend_call, "rights truncated", Status::bad_argument, good.with(3, Word{1} << 32 | 1));
    wrong(lend_call, "rights before core", Status::bad_argument, good.with(0, 0).with(3, 256));
    wrong(lend_call, "to its own core", Status::other_core, good.with(1, peer(1).value).with(3, 0));
    wrong(lend_call, "core before half", Status::other_core, good.with(0, 0).with(4, 0));
    wrong(lend_call, "half taken", Status::occupied_slot, good.with(4, frame_.value));
    wrong(lend_call, "half before its slot", Status::occupied_slot, good.with(2, 0).with(4, 0));
    wrong(lend_call, "its slot taken", Status::occupied_slot, good.with(2, 0));
    expect("a refused half is empty", 1, empty(half_) ? 1 : 0);
    drop(slice);
    drop(poor_frame);
    drop(poor_peer);
    libos::rt::destroy(env_, local);
}

inline void Director::halves_are_good_for_nothing() {
    expect("lending", Status::ok, lend(1, frame_, its_[1], shared, half_));
    const Word h = half_.value;
    const Slot spare = slot();
    wrong(Call::map, "a half", Status::no_right, {{0, h, region_, read}});
    wrong(Call::unmap, "a half", Status::not_mapped, {{0, h, 0}});
    wrong(Call::protect, "a half", Status::no_right, {{0, h, read}});
    wrong(Call::frame_guarantee, "a half", Status::no_right, {{0, h, 1}});
    wrong(Call::table_install, "a half", Status::no_right, {{0, h, region_, 1}});
    wrong(Call::env_vector, "a half", Status::no_right, {{0, h}});
    wrong(Call::env_extend, "a half", Status::no_right, {{0, h}});
    wrong(Call::cap_derive, "a half", Status::no_right, {{h, spare.value, 0}});
    wrong(Call::cap_grant, "a half", Status::no_right, {{0, h, spare.value, 0}});
    wrong(Call::cap_lend, "a half", Status::no_right,
          {{peer(2).value, h, its_[2].value, 0, spare.value}});
    wrong(Call::account_create, "a half", Status::no_right,
          {{kernel::abi::slot_account.value, h, 1, 0}});
    wrong(Call::env_extend, "a frame that is lent", Status::busy, {{0, frame_.value}});
    right(Call::cap_revoke, "a half", {{h}});
    expect("revoking a half", 0, empty_on(1, its_[1]) ? 1 : 0);
    drop(half_);
    expect("deleting a half", 1, empty_on(1, its_[1]) ? 1 : 0);
    half_ = slot();
    const auto local = child(sleeps);
    expect("lending", Status::ok, lend(1, local.env, its_[1], word_of(Rights::call), half_));
    const Word e = half_.value;
    for (const Call call : {Call::yield, Call::env_destroy}) {
        wrong(call, "a half", Status::no_right, {{e}});
    }
    wrong(Call::env_start, "a half", Status::no_right, {{e, region_, region_, region_}});
    for (const Call call : {Call::wake, Call::transfer_call}) {
        wrong(call, "a half", Status::no_right, {{e}});
    }
    libos::rt::destroy(env_, local);
    expect("destroyed, and its half is gone", 1, empty(half_) ? 1 : 0);
    expect("destroyed, and what was lent is gone", 1, empty_on(1, its_[1]) ? 1 : 0);
    env_.space().give_slot(spare);
}

inline void Director::borrowed_memory() {
    const Word its = its_[1].value;
    const Slot spare = slot_on(1);
    const Slot half = slot_on(1);
    expect("lending", Status::ok,
           lend(1, frame_, its_[1], word_of(Rights::read | Rights::grant), half_));
    wrong_on(1, Call::map, "more than was lent", Status::no_right,
             {{0, its, region_, read_write}});
    wrong_on(1, Call::cap_derive, "more than was lent", Status::bad_argument,
             {{its, spare.value, read_write}});
    right_on(1, Call::map, "what was lent", {{0, its, region_, read}});
    expect("reading", 0, faults_on(1, region_) ? 1 : 0);
    expect("writing what may be read", 1, faults_on(1, region_, true) ? 1 : 0);
    right(Call::cap_revoke, "what is mapped", {{frame_.value}});
    expect("reading what was revoked", 1, faults_on(1, region_) ? 1 : 0);

    expect("lending", Status::ok, lend(1, frame_, its_[1], shared, half_));
    wrong_on(1, Call::frame_guarantee, "another core's", Status::other_core, {{0, its, 1}});
    wrong_on(1, Call::table_install, "another core's", Status::other_core,
             {{0, its, region_, 1}});
    wrong_on(1, Call::env_extend, "another core's", Status::other_core, {{0, its}});
    wrong_on(1, Call::account_create, "another core's", Status::other_core,
             {{kernel::abi::slot_account.value, its, 1, 0}});
    wrong_on(1, Call::env_create, "its account is in use", Status::busy,
             {{kernel::abi::slot_account.value, its, its, its}});
    wrong_on(1, Call::cap_lend, "back to its core", Status::other_core,
             {{peer(0).value, its, its_[1].value, read, half.value}});
    const auto own_frame = env_.must(calls::cap_identify(frame_), "identifying");
    wrong_on(1, Call::frame_allocate, "another core's by name", Status::bad_argument,
             {{kernel::abi::slot_account.value, spare.value, own_frame.object.value}});
    right_on(1, Call::map, "another core's", {{0, its, region_, read_write}});
    wrong_on(1, Call::env_vector, "another core's", Status::other_core, {{0, its}});
    right_on(1, Call::console_write, "of another core's memory",
             {{kernel::abi::slot_console.value, 0, region_, 1}});
    drop(half_);
    half_ = slot();
    expect("a half deleted, and the mapping is gone", 1, faults_on(1, region_) ? 1 : 0);
}

inline void Director::borrowed_environments() {
    const auto local = child(sleeps);
    const Word rights = word_of(Rights::manage | Rights::grant | Rights::call);
    expect("lending", Status::ok, lend(1, local.env, its_[1], rights, half_));
    const Word e = its_[1].value;
    const Word its = slot_on(1).value;
    right_on(1, Call::frame_allocate, "a frame",
             {{kernel::abi::slot_account.value, its, kernel::abi::any_frame.value}});
    const Call managed[] = {Call::cap_grant, Call::cap_delete, Call::cap_identify,
                            Call::frame_guarantee, Call::map, Call::unmap, Call::protect,
                            Call::entry_store, Call::table_install, Call::table_age,
                            Call::env_extend, Call::env_start, Call::env_vector,
                            Call::env_destroy, Call::yield};
    for (const Call call : managed) {
        // An address outside the window would enter the history as it is.
        Words words{{e, its, 0, read}};
        const auto addresses = kernel::abi::call_shapes[static_cast<Word>(call)].address_mask;
        for (unsigned i = 0; i < 4; i++) {
            if ((addresses >> i & 1) != 0) words.word[i] = region_;
        }
        wrong_on(1, call, "another core's environment", Status::other_core, words);
    }
    wrong_on(1, Call::cycle_idle, "another core's environment", Status::other_core,
             {{kernel::abi::slot_cycle.value, e}});
    const Slot slice = slot_on(1);
    right_on(1, Call::slice_allocate, "a slice",
             {{kernel::abi::slot_cycle.value, slice.value, kernel::abi::any_position}});
    wrong_on(1, Call::slice_bind, "to another core's environment", Status::other_core,
             {{slice.value, e}});
    right_on(1, Call::cap_delete, "a slice", {{0, slice.value}});
    right_on(1, Call::wake, "another core's environment", {{e}});
    wrong_on(1, Call::transfer_call, "one that does not wait", Status::busy, {{e}});
    libos::rt::destroy(env_, local);
    expect("destroyed, and nobody has it", 1, empty_on(1, its_[1]) && empty(half_) ? 1 : 0);
    right_on(1, Call::cap_delete, "clean-up", {{0, its}});
}

// Lent to all, derived, lent on round in a circle, and mapped by all.
inline void Director::revoked_everywhere() {
    Word worst_ns = 0;
    Slot halves[cores], on[cores], derived_on[cores], on_half[cores];
    for (std::uint32_t core = 1; core < cores; ++core) {
        halves[core] = slot();
        on[core] = slot_on(core);
        derived_on[core] = slot_on(core);
        on_half[core] = slot_on(core);
    }
    for (unsigned round = 0; round < 5; ++round) {
        for (std::uint32_t core = 1; core < cores; ++core) {
            expect("lending", Status::ok, lend(core, frame_, its_[core], shared, halves[core]));
            right_on(core, Call::cap_derive, "of what was lent",
                     {{its_[core].value, derived_on[core].value, shared}});
        }
        for (std::uint32_t core = 1; core < cores; ++core) {
            const std::uint32_t next = core % (cores - 1) + 1;
            right_on(core, Call::cap_lend, "on",
                     {{peer(next).value, derived_on[core].value, on[next].value, shared,
                       on_half[core].value}});
            right_on(next, Call::map, "what was lent on",
                     {{0, on[next].value, region_, read_write}});
            right_on(core, Call::map, "what was derived",
                     {{0, derived_on[core].value, region_ + page_size, read}});
            right_on(core, Call::map, "what was lent",
                     {{0, its_[core].value, region_ + 2 * page_size, read}});
        }
        const Answer revoked = call_now(env_, Call::cap_revoke, {{frame_.value}});
        expect("revoking", Status::ok, revoked.status);
        if (revoked.ns > worst_ns) worst_ns = revoked.ns;
        for (std::uint32_t core = 1; core < cores; ++core) {
            for (Word page = 0; page < 3; ++page) {
                expect("touching what was revoked", 1,
                       faults_on(core, region_ + page * page_size) ? 1 : 0);
            }
            const bool gone = empty_on(core, its_[core]) && empty_on(core, on[core]) &&
                              empty_on(core, derived_on[core]) && empty_on(core, on_half[core]);
            expect("revoked on all cores", 1, gone && empty(halves[core]) ? 1 : 0);
        }
    }
    worst("revoke from a circle of cores", worst_ns);
}

inline void Director::deleted_from_either_end() {
    expect("lending", Status::ok, lend(1, frame_, its_[1], shared, half_));
    right_on(1, Call::map, "what was lent", {{0, its_[1].value, region_, read}});
    right_on(1, Call::cap_delete, "what was borrowed", {{0, its_[1].value}});
    expect("given back, and not there", 1, empty_on(1, its_[1]) ? 1 : 0);
    expect("given back, and not mapped", 1, faults_on(1, region_) ? 1 : 0);
    expect("given back, and the half is gone", 1, empty(half_) ? 1 : 0);
    right(Call::cap_revoke, "what nobody has", {{frame_.value}});
}

// The borrower gives back while the lender asks for it, at all distances in time.
inline void Director::crossings() {
    Word worst_ns = 0;
    for (Word delay = 0; delay < 4000; delay += 100) {
        expect("lending", Status::ok, lend(1, frame_, its_[1], shared, half_));
        right_on(1, Call::map, "what was lent", {{0, its_[1].value, region_, read}});
        later_on(1, Call::cap_delete, {{0, its_[1].value}}, delay);
        const Answer revoked = call_now(env_, Call::cap_revoke, {{frame_.value}});
        expect("revoking", Status::ok, revoked.status);
        if (revoked.ns > worst_ns) worst_ns = revoked.ns;
        const Status deleted = outcome(1);
        expect("deleting what is wanted back", 1,
               deleted == Status::ok || deleted == Status::empty_slot ? 1 : 0);
        expect("gone from both ends", 1, empty(half_) && empty_on(1, its_[1]) ? 1 : 0);
        expect("not mapped any more", 1, faults_on(1, region_) ? 1 : 0);
    }
    worst("revoke what is given back", worst_ns);
}

}  // namespace scenarios::probe_cores

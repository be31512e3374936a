// Slices: every wrong way to take, bind, shape and give a core's time.
//
// Part of program probe; split off so that each file can be read in one sitting.
#pragma once

#include "scenarios/programs/probe.hpp"

namespace scenarios::probe {

inline constexpr Word cycle_slot = kernel::abi::slot_cycle.value;
inline constexpr Word any = kernel::abi::any_position;

inline void Probe::slice_positions(Slot first) {
    const auto& cycle = env_.info().cycle();
    const Slot poor = derived(kernel::abi::slot_cycle, Rights::none);
    const Word e = empty_.value;
    named(Call::slice_allocate, {{cycle_slot, e, any}}, {{0, CapType::cycle, poor.value}});
    wrong(Call::slice_allocate, "destination beyond", Status::bad_slot,
          {{cycle_slot, top_bit, any}});
    wrong(Call::slice_allocate, "destination taken", Status::occupied_slot,
          {{cycle_slot, frame_.value, any}});
    const Word beyond[] = {cycle.positions, 64, any - 1, Word{1} << 32, all_ones};
    for (const Word position : beyond) {
        wrong(Call::slice_allocate, "position", Status::bad_argument,
              {{cycle_slot, e, position}});
    }
    right(Call::slice_allocate, "a position", {{cycle_slot, first.value, 3}});
    wrong(Call::slice_allocate, "taken", Status::slice_taken, {{cycle_slot, e, 3}});
    Slot others[kernel::abi::positions_max];
    for (Word i = 1; i < cycle.positions; ++i) {
        others[i] = slot();
        right(Call::slice_allocate, "any position", {{cycle_slot, others[i].value, any}});
    }
    wrong(Call::slice_allocate, "one too many", Status::no_slices, {{cycle_slot, e, any}});
    for (Word i = 1; i < cycle.positions; ++i) drop(others[i]);
    expect("cap_delete", "positions given back", 1, cycle.allocated);
    drop(poor);
}

inline void Probe::slice_bindings(Slot first) {
    const auto& slice = env_.info().cycle().slices[3];
    const Slot poor = derived(first, Rights::none);
    const Slot second = derived(first, Rights::manage | Rights::grant);
    expect("cap_derive", "two capabilities of a position", 3, slice.caps);
    named(Call::slice_bind, {{first.value, env_slot_.value}},
          {{0, CapType::slice, poor.value}, {1, CapType::environment, poor_env_.value}});
    right(Call::slice_bind, "to another", {{second.value, env_slot_.value}});
    wrong(Call::slice_bind, "with another capability", Status::busy, {{first.value, 0}});
    right(Call::cap_revoke, "what was derived", {{first.value}});
    expect("cap_revoke", "nobody's any more", 0, slice.env.value);
    env_.space().give_slot(poor);
    env_.space().give_slot(second);

    const Slot payer = account(64, 0);
    const Slot doomed = embryo(payer);
    right(Call::slice_bind, "to one that goes", {{first.value, doomed.value}});
    right(Call::cycle_idle, "to one that goes", {{cycle_slot, doomed.value}});
    Status status = Status::again;
    while (status == Status::again) status = raw(Call::env_destroy, {{doomed.value}});
    env_.space().give_slot(doomed);
    drop(payer);
    expect("env_destroy", "nobody's any more", 0, slice.env.value);
    expect("env_destroy", "idle time to all", 0, env_.info().cycle().idle.value);
    right(Call::slice_bind, "to itself", {{first.value, 0}});
    right(Call::yield, "its own slice", {{0}});
    const Word before = env_.now().value;
    env_.compute(libos::rt::Nanoseconds{5'000'000});
    expect("compute", "all of it, over many slices", 1, env_.now().value >= before + 5'000'000);
}

inline void Probe::cycle_shapes() {
    const Slot poor = derived(kernel::abi::slot_cycle, Rights::allocate);
    const Words good{{cycle_slot, 16, 1'000'000, 1000}};
    named(Call::cycle_shape, good, {{0, CapType::cycle, poor.value}});
    for (const Word positions : {Word{0}, Word{65}, Word{1} << 32, all_ones}) {
        wrong(Call::cycle_shape, "positions", Status::bad_argument, good.with(1, positions));
    }
    for (const Word length : {Word{0}, Word{999}, Word{1'000'000'001}, all_ones}) {
        wrong(Call::cycle_shape, "length", Status::bad_argument, good.with(2, length));
    }
    wrong(Call::cycle_shape, "grace", Status::bad_argument, good.with(3, 1'000'001));
    wrong(Call::cycle_shape, "an allocated position", Status::busy, good.with(1, 3));
    right(Call::cycle_shape, "fewer positions", good.with(1, 4));
    right(Call::cycle_shape, "as it was", good);
    named(Call::cycle_idle, {{cycle_slot, env_slot_.value}}, {{0, CapType::cycle, poor.value}});
    wrong(Call::cycle_idle, "to nobody's environment", Status::empty_slot,
          {{cycle_slot, empty_.value}});
    wrong(Call::cycle_idle, "no right", Status::no_right, {{cycle_slot, poor_env_.value}});
    right(Call::cycle_idle, "to itself", {{cycle_slot, 0}});
    right(Call::cycle_idle, "to all", {{cycle_slot, all_ones}});
    drop(poor);
}

inline void Probe::slices() {
    for (const Word span : {kernel::abi::compute_ns_max + 1, all_ones}) {
        wrong(Call::compute, "too long", Status::bad_argument, {{span}});
    }
    right(Call::park, "until the past", {{0}});
    const Slot first = slot();
    slice_positions(first);
    slice_bindings(first);
    cycle_shapes();
    right(Call::cap_revoke, "the cycle", {{cycle_slot}});
    expect("cap_revoke", "no slice is left", 0, env_.info().cycle().allocated);
    env_.space().give_slot(first);
}

}  // namespace scenarios::probe

// Part of disk_probe: the calls, each argument wrong in every way, in the documented order.
#pragma once

#include "scenarios/programs/disk_probe.hpp"

namespace scenarios::disk_probe {

inline void DiskProbe::named(Call call, std::string_view what, const Words& good, unsigned index,
                             CapType type, Slot poor) {
    for (const Word slot : {Word{65536}, Word{0xffff'ffff}}) {
        check(call, what, Status::bad_slot, good.with(index, slot));
    }
    check(call, what, Status::empty_slot, good.with(index, empty_.value));
    for (const Slot other : {data_slots_[0], leaf_, kernel::abi::slot_account, slot_disk, extent_,
                             embryo_}) {
        const auto identity = env_.must(calls::cap_identify(other), "identifying");
        if (identity.type == type) continue;
        check(call, what, Status::wrong_type, good.with(index, other.value));
    }
    if (poor != Slot{0}) check(call, what, Status::no_right, good.with(index, poor.value));
}

inline void DiskProbe::prepare_data() {
    libos::rt::Space& space = env_.space();
    data_ = space.reserve(512).value;
    leaf_ = env_.must(space.install_leaf(VirtAddr{data_}), "a leaf table");
    for (std::uint32_t i = 0; i < pages; ++i) {
        data_slots_[i] = frame();
        env_.must(space.map(data_slots_[i], VirtAddr{data_ + i * page_size},
                            Rights::read | Rights::write),
                  "mapping a page");
    }
}

inline void DiskProbe::prepare() {
    prepare_data();
    empty_ = slot();
    extent_ = slot();
    env_.must(calls::extent_allocate(slot_disk, extent_, any, extent_blocks, {1, 0}), "an extent");
    poor_disk_ = derived(slot_disk, Rights::grant);
    poor_extent_ = derived(extent_, Rights::none);
    account_ = frame();
    check(Call::account_create, "an account", Status::ok,
          {{kernel::abi::slot_account.value, account_.value, 64, 0}});
    embryo_ = frame();
    const Slot table = frame();
    const Slot root = frame();
    env_.must(calls::env_create(account_, embryo_, table, root), "an embryo");
    poor_embryo_ = derived(embryo_, Rights::none);
}

inline void DiskProbe::allocations() {
    constexpr Call call = Call::extent_allocate;
    const Word disk = slot_disk.value;
    const Word e = empty_.value;
    const Word blocks = env_.info().disk(0).blocks;
    named(call, "extent_allocate: disk", {{disk, e, any, 1, 2, 0}}, 0, CapType::disk, poor_disk_);
    check(call, "destination beyond", Status::bad_slot, {{disk, all_ones, any, 1, 2, 0}});
    check(call, "destination occupied", Status::occupied_slot, {{disk, 0, any, 0, 0, 0}});
    for (const Word first : {Word{0}, Word{15}, blocks, any - 1, any + 1, all_ones}) {
        check(call, "no such block", Status::bad_argument, {{disk, e, first, 1, 1, 0}});
    }
    for (const Word count : {Word{0}, blocks, blocks - 15, Word{1} << 32, all_ones}) {
        check(call, "no such count", Status::bad_argument, {{disk, e, any, count, 1, 0}});
        check(call, "no such count", Status::bad_argument, {{disk, e, 16, count, 1, 0}});
    }
    check(call, "no name", Status::bad_argument, {{disk, e, 16, 1, 0, 0}});
    check(call, "name taken", Status::extent_taken, {{disk, e, any, 1, 1, 0}});
    check(call, "block taken", Status::extent_taken, {{disk, e, 16, 1, 2, 0}});
    check(call, "last block taken", Status::extent_taken,
          {{disk, e, 16 + extent_blocks - 1, 1, 2, 0}});
    check(call, "no room", Status::no_extents, {{disk, e, any, blocks - 16, 2, 0}});
    expect("extents", 1, env_.info().extents(0).count);
    expect("first block", 16, env_.info().extents(0).records[0].first);
}

inline void DiskProbe::openings() {
    constexpr Call call = Call::extent_open;
    const Word disk = slot_disk.value;
    named(call, "extent_open: disk", {{disk, empty_.value, 1, 0}}, 0, CapType::disk, poor_disk_);
    check(call, "destination beyond", Status::bad_slot, {{disk, 65536, 1, 0}});
    check(call, "destination occupied", Status::occupied_slot, {{disk, 0, 9, 9}});
    check(call, "no such name", Status::no_such_extent, {{disk, empty_.value, 1, 1}});
    check(call, "the empty name", Status::no_such_extent, {{disk, empty_.value, 0, 0}});
    const Slot again = slot();
    const auto range = env_.must(calls::extent_open(slot_disk, again, {1, 0}), "opening");
    expect("opened: first", 16, range.first);
    expect("opened: count", extent_blocks, range.count);
    expect("capabilities counted", 3, env_.info().extents(0).records[0].caps);
    env_.space().release(again);
}

inline void DiskProbe::parts() {
    constexpr Call call = Call::extent_part;
    const Word x = extent_.value;
    const Word e = empty_.value;
    named(call, "extent_part: extent", {{x, e, 0, 1, 1}}, 0, CapType::extent, poor_extent_);
    check(call, "destination beyond", Status::bad_slot, {{x, 65536, 0, 0, 256}});
    check(call, "destination occupied", Status::occupied_slot, {{x, x, 0, 0, 256}});
    for (const Word first : {Word{extent_blocks}, Word{1} << 32, all_ones}) {
        check(call, "no such block", Status::bad_argument, {{x, e, first, 1, 1}});
    }
    for (const Word count : {Word{0}, Word{extent_blocks}, Word{1} << 32, all_ones}) {
        check(call, "no such count", Status::bad_argument, {{x, e, 1, count, 1}});
    }
    check(call, "rights beyond all", Status::bad_argument, {{x, e, 0, 1, 256}});
    const Slot reader = part(extent_, 4, 4, Rights::read | Rights::grant);
    check(call, "more rights", Status::bad_argument, {{reader.value, e, 0, 1, 2}});
    const Slot inner = part(reader, 3, 1, Rights::read);
    const auto range = env_.must(calls::extent_range(inner), "its range");
    expect("part of a part: first", 16 + 7, range.first);
    expect("part of a part: count", 1, range.count);
    check(Call::extent_range, "empty", Status::empty_slot, {{e}});
    check(Call::extent_range, "a disk", Status::wrong_type, {{slot_disk.value}});
    check(Call::extent_range, "without rights", Status::ok, {{poor_extent_.value}});
    env_.must(calls::cap_revoke(reader), "revoking");
    check(Call::extent_range, "revoked", Status::empty_slot, {{inner.value}});
    env_.space().give_slot(inner);
    env_.space().release(reader);
    check(Call::cap_lend, "an extent cannot be lent", Status::wrong_type,
          {{embryo_.value, x, 20, 1, e}});
}

inline void DiskProbe::frees() {
    constexpr Call call = Call::extent_free;
    named(call, "extent_free: extent", {{extent_.value}}, 0, CapType::extent, poor_extent_);
    const Slot inner = part(extent_, 0, 1);
    check(call, "a part", Status::bad_argument, {{inner.value}});
    check(call, "parts are left", Status::busy, {{extent_.value}});
    env_.space().release(inner);
    const Slot other = slot();
    env_.must(calls::extent_allocate(slot_disk, other, 200, 8, {3, 4}), "another");
    expect("extents", 2, env_.info().extents(0).count);
    check(call, "the last capability", Status::ok, {{other.value}});
    check(call, "it is gone", Status::empty_slot, {{other.value}});
    check(Call::extent_open, "its name is gone", Status::no_such_extent,
          {{slot_disk.value, other.value, 3, 4}});
    expect("extents", 1, env_.info().extents(0).count);
    env_.space().give_slot(other);
}

inline void DiskProbe::rings() {
    constexpr Call call = Call::disk_ring;
    const Word x = extent_.value;
    const Word f = data_slots_[15].value;
    named(call, "disk_ring: env", {{0, x, f}}, 0, CapType::environment, poor_embryo_);
    named(call, "disk_ring: extent", {{0, x, f}}, 1, CapType::extent, Slot{0});
    const Slot read_only = derived(data_slots_[15], Rights::read);
    named(call, "disk_ring: frame", {{0, x, f}}, 2, CapType::frame, read_only);
    check(call, "no slot of its", Status::bad_slot, {{embryo_.value, x, 200}});
    check(call, "empty slot of its", Status::empty_slot, {{embryo_.value, x, 9}});
    check(Call::disk_submit, "before there is a ring", Status::bad_state, {{x, 1}});
    check(call, "nothing to take away", Status::ok, {{0, x, all_ones}});
    check(call, "a ring", Status::ok, {{0, poor_extent_.value, f}});
    check(call, "another", Status::ok, {{0, x, f}});
    check(call, "taken away", Status::ok, {{0, x, all_ones}});
    check(Call::disk_submit, "it is gone", Status::bad_state, {{x, 1}});
    env_.space().release(read_only);
}

inline void DiskProbe::submissions() {
    constexpr Call call = Call::disk_submit;
    const Word x = extent_.value;
    env_.must(ring_.begin(extent_), "a ring");
    named(call, "disk_submit: extent", {{x, 1}}, 0, CapType::extent, Slot{0});
    for (const Word count : {Word{0}, Word{33}, Word{1} << 32, Word{1} << 32 | 1, all_ones}) {
        check(call, "no such count", Status::bad_argument, {{x, count}});
    }
}

inline void DiskProbe::shares() {
    constexpr Call call = Call::disk_share;
    const Word disk = slot_disk.value;
    named(call, "disk_share: disk", {{disk, 0, 1}}, 0, CapType::disk, poor_disk_);
    named(call, "disk_share: env", {{disk, 0, 1}}, 1, CapType::environment, poor_embryo_);
    for (const Word weight : {Word{0}, Word{65}, Word{1} << 32 | 1, all_ones}) {
        check(call, "no such weight", Status::bad_argument, {{disk, embryo_.value, weight}});
    }
    check(call, "no ring", Status::bad_state, {{disk, embryo_.value, 1}});
    check(call, "a weight", Status::ok, {{disk, 0, 64}});
    expect("its weight", 64, env_.info().disk(0).uses[env_.id().value].weight);
    check(call, "a weight", Status::ok, {{disk, 0, 1}});
}

}  // namespace scenarios::disk_probe

// Part of disk_probe: environments that share the disk, one of which writes nonsense into its ring.
#pragma once

#include "libos/rt/info_window.hpp"
#include "scenarios/programs/disk_probe.hpp"

namespace scenarios::disk_probe {

constexpr std::uint32_t rounds = 40;
constexpr std::uint32_t child_frames = 256;

inline libos::rt::Child DiskProbe::child(Manner manner, Slot extent) {
    const auto made = libos::rt::spawn(env_, {.program = "disk_probe",
                                              .limit_frames = child_frames,
                                              .argument = static_cast<Word>(manner),
                                              .extent = extent});
    return env_.must(made, "a child");
}

// Writes all of its extent again and again, and finds what it wrote.
inline int DiskProbe::be_honest() {
    extent_ = slot_extent;
    prepare_data();
    env_.must(ring_.begin(extent_), "a ring");
    const auto range = env_.must(calls::extent_range(extent_), "its range");
    for (std::uint32_t round = 0; round < rounds; ++round) {
        const std::uint32_t block = round % (range.count / 4) * 4;
        for (std::uint32_t i = 0; i < 4; ++i) fill(i, 100 + round + i);
        answers("honest: writing", Status::ok, request(DiskOp::write, extent_, block, 4));
        answers("honest: reading", Status::ok, request(DiskOp::read, extent_, block, 4, 4));
        for (std::uint32_t i = 0; i < 4; ++i) {
            expect("honest: found", 1, filled(4 + i, 100 + round + i));
        }
    }
    return failures_ == 0 ? 0 : 1;
}

// Whatever bytes: mostly near what would be right, so that some of it gets far.
inline int DiskProbe::be_hostile(std::uint32_t hostile_rounds) {
    extent_ = slot_extent;
    prepare_data();
    const Slot frame_slot = data_slots_[15];
    env_.must(calls::disk_ring(extent_, frame_slot), "a ring");
    auto* const ring = reinterpret_cast<kernel::abi::DiskRing*>(data_ + 15 * page_size);
    Word state = 12345;
    const auto random = [&state] {
        state = state * 6364136223846793005 + 1442695040888963407;
        return state >> 33;
    };
    for (std::uint32_t round = 0; round < hostile_rounds; ++round) {
        auto* const words = reinterpret_cast<std::uint32_t*>(ring);
        for (std::uint32_t i = 0; i < sizeof *ring / 4; ++i) {
            words[i] = static_cast<std::uint32_t>(random() % (round % 4 == 0 ? 1u << 31 : 40));
        }
        for (std::uint32_t i = 0; i < kernel::abi::disk_requests_max; ++i) {
            ring->requests[i].op = static_cast<DiskOp>(random() % 5);
            ring->requests[i].count = static_cast<std::uint32_t>(random() % 9);
            if (random() % 2 == 0) ring->requests[i].extent = extent_;
        }
        const Word count = random() % 40;
        raw(Call::disk_submit, {{extent_.value, count}});
        raw(Call::disk_submit, {{random() % 70, 1}});
        words[random() % (page_size / 4)] = static_cast<std::uint32_t>(random());
        if (round % 8 == 3) raw(Call::unmap, {{0, data_slots_[random() % 14].value, 0}});
        if (round % 8 == 5) raw(Call::cap_delete, {{0, data_slots_[random() % 14].value}});
        raw(Call::park, {{env_.now().value + 50'000}});
    }
    raw(Call::disk_submit, {{extent_.value, 4}});
    raw(Call::cap_delete, {{0, frame_slot.value}});  // its ring is gone, and requests wait in it
    raw(Call::park, {{env_.now().value + 50'000}});
    return 0;
}

inline int DiskProbe::leave_requests() {
    extent_ = slot_extent;
    prepare_data();
    env_.must(ring_.begin(extent_), "a ring");
    fill(0, 300);
    for (std::uint32_t i = 0; i < 16; ++i) ring_.put(request(DiskOp::write, extent_, i, 1));
    env_.must(ring_.submit(), "submitting");
    return 0;
}

inline void DiskProbe::neighbours() {
    for (std::uint32_t i = 0; i < 8; ++i) fill(i, 500 + i);
    answers("writing before", Status::ok, request(DiskOp::write, extent_, 0, 8));
    const Slot theirs[] = {part(extent_, 16, 16), part(extent_, 32, 16), part(extent_, 48, 16)};
    const Manner manners[] = {Manner::honest, Manner::hostile, Manner::honest};
    libos::rt::Child children[3];
    for (unsigned i = 0; i < 3; ++i) children[i] = child(manners[i], theirs[i]);
    for (std::uint32_t round = 0; round < rounds; ++round) {
        fill(8, 600 + round);
        answers("writing meanwhile", Status::ok, request(DiskOp::write, extent_, 9, 1, 8));
        answers("reading meanwhile", Status::ok, request(DiskOp::read, extent_, 9, 1, 9));
        expect("found meanwhile", 1, filled(9, 600 + round));
    }
    for (unsigned i = 0; i < 3; ++i) {
        expect("a neighbour's exit code", 0, libos::rt::wait(env_, children[i]));
        libos::rt::destroy(env_, children[i]);
        env_.space().release(theirs[i]);
    }
    answers("reading after", Status::ok, request(DiskOp::read, extent_, 0, 8, 8));
    for (std::uint32_t i = 0; i < 8; ++i) expect("found after", 1, filled(8 + i, 500 + i));
}

// Who is destroyed while the disk works for it: nothing of that is done any more.
inline void DiskProbe::ended_neighbour() {
    fill(0, 310);
    answers("writing before", Status::ok, request(DiskOp::write, extent_, 47, 1));
    const Slot its = part(extent_, 32, 16);
    const libos::rt::Child made = child(Manner::leaves_requests, its);
    expect("its exit code", 0, libos::rt::wait(env_, made));
    libos::rt::destroy(env_, made);
    env_.space().release(its);
    answers("reading after", Status::ok, request(DiskOp::read, extent_, 47, 1, 1));
    expect("the last of them was not done", 1, filled(1, 310));
    expect("nothing waits", 0, env_.info().disk(0).waiting);
}

// Always has as many requests waiting as there can be.
inline int DiskProbe::be_busy() {
    extent_ = slot_extent;
    prepare_data();
    env_.must(ring_.begin(extent_), "a ring");
    for (std::uint32_t i = 0;; ++i) {
        while (!ring_.full()) ring_.put(request(DiskOp::read, extent_, i % 16, 1));
        env_.must(ring_.submit(), "submitting");
        for (std::uint32_t answer = 0; answer < 8; ++answer) static_cast<void>(ring_.wait());
    }
}

// Two that always want more get blocks by their weights.
inline void DiskProbe::weights() {
    constexpr Word weight = 3;
    constexpr Word blocks_enough = 200;
    const Slot its[] = {part(extent_, 16, 16), part(extent_, 32, 16)};
    const libos::rt::Child busy[] = {child(Manner::busy, its[0]), child(Manner::busy, its[1])};
    const auto pause = [this] { raw(Call::park, {{env_.now().value + 100'000}}); };
    while (raw(Call::disk_share, {{slot_disk.value, busy[1].env.value, weight}}) != Status::ok) {
        pause();
    }
    const volatile auto& uses = env_.info().disk(0).uses;
    while (uses[busy[0].id.value].weight == 0) pause();
    const Word before[] = {uses[busy[0].id.value].blocks, uses[busy[1].id.value].blocks};
    while (uses[busy[0].id.value].blocks - before[0] < blocks_enough / weight ||
           uses[busy[1].id.value].blocks - before[1] < blocks_enough) {
        pause();
    }
    const Word light = uses[busy[0].id.value].blocks - before[0];
    const Word heavy = uses[busy[1].id.value].blocks - before[1];
    expect("the heavy one has about three times as much", 1,
           heavy * 10 > light * 25 && heavy * 10 < light * 35 ? 1 : 0);
    for (unsigned i = 0; i < 2; ++i) {
        libos::rt::destroy(env_, busy[i]);
        env_.space().release(its[i]);
    }
    answers("reading after", Status::ok, request(DiskOp::read, extent_, 0, 1));
    expect("nothing waits", 0, env_.info().disk(0).waiting);
}

inline int DiskProbe::run() {
    const auto& cell = env_.info().cell();
    if (cell.disk_count == 0) env_.panic("this machine has no disk");
    prepare();
    allocations();
    openings();
    parts();
    frees();
    rings();
    submissions();
    shares();
    forms();
    extents_of_requests();
    frames_of_requests();
    data();
    order_and_depth();
    taken_back();
    neighbours();
    ended_neighbour();
    weights();
    const volatile auto& disk = env_.info().disk(0);
    libos::rt::JsonLine line;
    line.add("checks", checks_)
        .add("failures", failures_)
        .add("reads", disk.reads)
        .add("writes", disk.writes)
        .add("flushes", disk.flushes)
        .add("refused", disk.refused)
        .add("service_ns", disk.service_ns);
    env_.report(line);
    return failures_ == 0 ? 0 : 1;
}

}  // namespace scenarios::disk_probe

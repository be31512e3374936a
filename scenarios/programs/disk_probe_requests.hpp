// Part of disk_probe: requests, each field wrong in every way; what is right is done.
#pragma once

#include "scenarios/programs/disk_probe.hpp"

namespace scenarios::disk_probe {

inline DiskRequest DiskProbe::request(DiskOp op, Slot extent, std::uint32_t block,
                                      std::uint32_t count, std::uint32_t first_page) const {
    DiskRequest made{};
    made.op = op;
    made.extent = extent;
    made.block = block;
    made.count = count;
    made.cookie = Word{block} << 32 | count;
    for (std::uint32_t i = 0; i < kernel::abi::disk_request_blocks_max; ++i) {
        made.frames[i] = data_slots_[(first_page + i) % pages];
    }
    return made;
}

inline Status DiskProbe::done(const DiskRequest& request) {
    ring_.put(request);
    env_.must(ring_.submit(), "submitting");
    const auto answer = ring_.wait();
    expect("cookie", request.cookie, answer.cookie);
    return answer.status;
}

inline void DiskProbe::forms() {
    for (const std::uint32_t op : {4u, 5u, 256u, ~0u}) {
        answers("no such operation", Status::bad_argument,
                request(static_cast<DiskOp>(op), extent_, 0, 1));
    }
    for (const std::uint32_t count : {0u, 9u, 256u, ~0u}) {
        answers("no such count", Status::bad_argument, request(DiskOp::read, extent_, 0, count));
        answers("count before extent", Status::bad_argument,
                request(DiskOp::write, empty_, 0, count));
    }
    answers("flush of blocks", Status::bad_argument, request(DiskOp::flush, extent_, 0, 1));
    answers("flush at a block", Status::bad_argument, request(DiskOp::flush, extent_, 1, 0));
    for (const std::uint32_t block : {extent_blocks, extent_blocks - 1, ~0u, ~0u - 1}) {
        answers("behind its end", Status::bad_argument, request(DiskOp::read, extent_, block, 2));
    }
    answers("its last blocks", Status::ok, request(DiskOp::read, extent_, extent_blocks - 8, 8));
}

inline void DiskProbe::extents_of_requests() {
    for (const DiskOp op : {DiskOp::read, DiskOp::write, DiskOp::write_fua}) {
        answers("extent beyond", Status::bad_slot, request(op, Slot{65536}, 0, 1));
        answers("extent empty", Status::empty_slot, request(op, empty_, 0, 1));
        answers("extent a disk", Status::wrong_type, request(op, slot_disk, 0, 1));
        answers("extent a frame", Status::wrong_type, request(op, data_slots_[0], 0, 1));
        answers("extent without rights", Status::no_right, request(op, poor_extent_, 0, 1));
    }
    const Slot reader = derived(extent_, Rights::read);
    const Slot writer = derived(extent_, Rights::write);
    answers("a reader reads", Status::ok, request(DiskOp::read, reader, 0, 1));
    answers("a reader writes", Status::no_right, request(DiskOp::write, reader, 0, 1));
    answers("a reader writes", Status::no_right, request(DiskOp::write_fua, reader, 0, 1));
    answers("a reader flushes", Status::no_right, request(DiskOp::flush, reader, 0, 0));
    answers("a writer reads", Status::no_right, request(DiskOp::read, writer, 0, 1));
    answers("a writer flushes", Status::ok, request(DiskOp::flush, writer, 0, 0));
    const Slot inner = part(extent_, 8, 4);
    answers("behind a part", Status::bad_argument, request(DiskOp::read, inner, 4, 1));
    answers("beyond a part", Status::bad_argument, request(DiskOp::read, inner, 0, 5));
    env_.space().release(inner);
    env_.space().release(reader);
    env_.space().release(writer);
}

inline void DiskProbe::frames_of_requests() {
    const Slot reader = derived(data_slots_[3], Rights::read);
    const Slot writer = derived(data_slots_[3], Rights::write);
    for (const std::uint32_t place : {0u, 1u, 7u}) {
        for (const DiskOp op : {DiskOp::read, DiskOp::write}) {
            const auto with = [&](Slot slot) {
                DiskRequest wrong = request(op, extent_, 0, 8);
                wrong.frames[place] = slot;
                return wrong;
            };
            answers("frame beyond", Status::bad_slot, with(Slot{65536}));
            answers("frame empty", Status::empty_slot, with(empty_));
            answers("frame an extent", Status::wrong_type, with(extent_));
            answers("frame a table", Status::wrong_type, with(leaf_));
            const bool reads = op == DiskOp::read;
            answers("frame that lacks the right", Status::no_right, with(reads ? reader : writer));
            answers("frame that has the right", Status::ok, with(reads ? writer : reader));
        }
    }
    DiskRequest two = request(DiskOp::read, extent_, 0, 2);
    two.frames[0] = empty_;
    two.frames[1] = Slot{65536};
    answers("the first frame first", Status::empty_slot, two);
    two = request(DiskOp::read, extent_, extent_blocks, 2);
    two.frames[0] = empty_;
    answers("the extent before frames", Status::bad_argument, two);
    two = request(DiskOp::read, extent_, 0, 2);
    two.frames[2] = Slot{65536};
    answers("frames that are not asked for", Status::ok, two);
    env_.space().release(reader);
    env_.space().release(writer);
}

inline void DiskProbe::data() {
    for (std::uint32_t i = 0; i < 8; ++i) fill(i, 70 + i);
    answers("writing", Status::ok, request(DiskOp::write, extent_, 20, 8));
    answers("reading", Status::ok, request(DiskOp::read, extent_, 20, 8, 8));
    for (std::uint32_t i = 0; i < 8; ++i) expect("what was written", 1, filled(8 + i, 70 + i));
    answers("writing for good", Status::ok, request(DiskOp::write_fua, extent_, 60, 2, 3));
    answers("flushing", Status::ok, request(DiskOp::flush, extent_, 0, 0));
    const Slot inner = part(extent_, 60, 2, Rights::read);
    answers("through a part", Status::ok, request(DiskOp::read, inner, 1, 1, 15));
    expect("through a part", 1, filled(15, 74));
    answers("its neighbours", Status::ok, request(DiskOp::read, extent_, 19, 1, 15));
    expect("were not touched", 0, page(15)[0]);
    env_.space().release(inner);
}

// A full ring, every answer once, and none more than there is room for.
inline void DiskProbe::order_and_depth() {
    const std::uint32_t depth = kernel::abi::disk_requests_max;
    std::uint64_t seen = 0;
    for (std::uint32_t i = 0; i < depth; ++i) {
        DiskRequest one = request(i % 3 == 0 ? DiskOp::write : DiskOp::read, extent_, i, 1, i);
        one.cookie = i;
        ring_.put(one);
    }
    env_.must(ring_.submit(), "a full ring");
    check(Call::disk_submit, "one more", Status::bad_argument, {{extent_.value, 1}});
    check(Call::disk_ring, "another ring now", Status::busy,
          {{0, extent_.value, data_slots_[0].value}});
    check(Call::disk_ring, "no ring now", Status::busy, {{0, extent_.value, all_ones}});
    for (std::uint32_t i = 0; i < depth; ++i) {
        const auto answer = ring_.wait();
        expect("a full ring", Status::ok, answer.status);
        seen |= std::uint64_t{1} << answer.cookie % 64;
    }
    expect("every answer once", (std::uint64_t{1} << depth) - 1, seen);
}

// What was taken back before the device was asked is not done, and says so.
inline void DiskProbe::taken_back() {
    fill(0, 90);
    answers("before", Status::ok, request(DiskOp::write, extent_, 30, 1));
    fill(0, 91);
    const Slot inner = part(extent_, 30, 1);
    ring_.put(request(DiskOp::write, inner, 0, 1));
    env_.must(ring_.submit(), "submitting");
    env_.space().release(inner);
    expect("an extent taken back", Status::empty_slot, ring_.wait().status);
    const Slot lent = derived(data_slots_[1], Rights::all);
    DiskRequest into = request(DiskOp::read, extent_, 30, 1);
    into.frames[0] = lent;
    fill(1, 92);
    ring_.put(into);
    env_.must(ring_.submit(), "submitting");
    env_.space().release(lent);
    expect("a frame taken back", Status::empty_slot, ring_.wait().status);
    expect("the frame is as it was", 1, filled(1, 92));
    answers("after", Status::ok, request(DiskOp::read, extent_, 30, 1, 2));
    expect("the block is as it was", 1, filled(2, 90));
}

}  // namespace scenarios::disk_probe

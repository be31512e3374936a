// Part of tree_probe: opening and scanning, what is a tree and what only looks like one.
#pragma once

#include "scenarios/programs/tree/probe.hpp"

namespace scenarios::tree {

inline void Probe::download(Slot to, libos::disk::Function function, abi::CodeKind kind) {
    const auto down = libos::code::download(env_, function, kind, 32);
    const Slot code = env_.must(down.code, "downloading");
    env_.must(calls::cap_derive(code, to, Rights::execute), "deriving");
    env_.space().release(code);
}

inline void Probe::write_header() {
    auto& header = *io_.as<abi::TreeHeader>(page_header);
    header.checksum = checksum_of(header);
    checks_.expect("writing a header", Status::ok, io_.write(extent_, 0, page_header));
}

inline void Probe::prepare() {
    if (env_.info().cell().disk_count == 0) env_.panic("this machine has no disk");
    extent_ = slot();
    empty_ = slot();
    env_.must(calls::extent_allocate(abi::slot_disk, extent_, abi::any_block, blocks, name),
              "an extent");
    env_.must(io_.begin(extent_), "a ring");
    codes_ = slot();
    const Slot second = slot();
    if (second.value != codes_.value + 1) env_.panic("slots do not follow one another");
    download(codes_, list_function, abi::CodeKind::ownership);
    download(second, file_function, abi::CodeKind::ownership);
    env_.must(libos::code::take_frames_in_a_row(env_, row_), "frames in a row");
    const libos::disk::Function functions[] = {list_function, file_function};
    checks_.expect("a header", 1,
                   libos::disk::make_header(*io_.as<abi::TreeHeader>(page_header), blocks,
                                            functions)
                       ? 1
                       : 0);
}

inline void Probe::opening() {
    constexpr Call call = Call::tree_open;
    const Words good = opening_words();
    const Slot poor = derived(extent_, Rights::read | Rights::write);
    named(call, "tree_open: extent", good, 0, poor);
    check(call, "another capability lies there", Status::busy, good);
    env_.space().release(poor);
    const Slot part = slot();
    env_.must(calls::extent_part(extent_, part, 0, blocks - 1, Rights::all), "a part");
    check(call, "a part", Status::bad_argument, good.with(0, part.value));
    env_.space().release(part);
    const Slot read_only = slot();
    env_.must(calls::frame_allocate(abi::slot_account, read_only), "a frame");
    const Slot child = derived(read_only, Rights::read);
    named(call, "tree_open: slot", good, 1, child);
    check(call, "a frame with two capabilities", Status::busy, good.with(1, read_only.value));
    check(call, "a frame that is mapped", Status::busy, good.with(1, io_.frame(3).value));
    for (const Word count : {Word{0}, Word{frames - 1}, Word{frames + 1}, Word{1} << 32 | frames}) {
        check(call, "not that many frames", Status::bad_argument, good.with(2, count));
    }
    check(call, "the last of them", Status::busy, good.with(1, row_[1].value));
    env_.space().release(child);
    env_.space().release(read_only);
    check(call, "no header", Status::tree_damaged, good);
}

inline void Probe::wrong_headers() {
    auto& header = *io_.as<abi::TreeHeader>(page_header);
    const abi::TreeHeader right = header;
    const auto wrong = [&](std::string_view what) {
        write_header();
        check(Call::tree_open, what, Status::tree_damaged, opening_words());
        header = right;
    };
    header.magic++;
    wrong("magic");
    for (const std::uint32_t count : {0u, blocks - 1, blocks + 1, ~0u}) {
        header.blocks = count;
        wrong("blocks");
    }
    for (const std::uint32_t types : {0u, 1u, 9u, ~0u}) {
        header.types = types;
        wrong("types");
    }
    for (const std::uint32_t units : {0u, abi::code_units_max + 1, ~0u}) {
        header.programs[2].units = units;
        wrong("units");
    }
    for (const std::uint32_t first : {abi::tree_units_max, abi::tree_units_max - 1, ~0u}) {
        header.programs[2].first = first;
        wrong("first");
    }
    header.checksum = checksum_of(header) ^ 1;
    checks_.expect("writing a header", Status::ok, io_.write(extent_, 0, page_header));
    check(Call::tree_open, "checksum", Status::tree_damaged, opening_words());
    write_header();
}

inline void Probe::wrong_codes() {
    constexpr Call call = Call::tree_open;
    const Words good = opening_words();
    for (const Word beyond : {Word{65536}, Word{0xffff'ffff}, all_ones}) {
        check(call, "codes beyond", Status::bad_slot, good.with(3, beyond));
    }
    check(call, "codes empty", Status::empty_slot, good.with(3, empty_.value));
    check(call, "codes of another type", Status::wrong_type, good.with(3, extent_.value));
    check(call, "another program", Status::bad_argument, good.with(3, codes_.value + 1));
    const Slot predicate = slot();
    download(predicate, libos::code::reached(0, 8), abi::CodeKind::predicate);
    check(call, "a predicate", Status::bad_state, good.with(3, predicate.value));
    check(Call::park_until, "no predicate", Status::bad_state,
          {{codes_.value, 0, io_.frame(3).value, io_.frame(3).value}});
    env_.space().release(predicate);
}

inline void Probe::unscanned() {
    check(Call::tree_open, "a tree", Status::ok, opening_words());
    node_ = row_[0];
    reader_ = derived(node_, Rights::read | Rights::grant);
    check(Call::extent_range, "its extent is gone", Status::empty_slot, {{extent_.value}});
    check(Call::map, "so are its frames", Status::empty_slot, {{0, row_[1].value, 0, 1}});
    check(Call::extent_open, "and not to be opened", Status::busy,
          {{abi::slot_disk.value, extent_.value, name.low, name.high}});
    check(Call::tree_allocate, "not scanned", Status::bad_state, {{node_.value, 2, 0}});
    check(Call::tree_look, "not scanned", Status::bad_state, {{node_.value, 99}});
    checks_.expect("not scanned", Status::bad_state, io_.read(node_, 1, page_data));
    check(Call::registry_enter, "not scanned", Status::bad_state,
          {{node_.value, 1, io_.frame(0).value}});
}

inline void Probe::scans() {
    named(Call::tree_scan, "tree_scan: node", {{node_.value}}, 0, reader_);
    checks_.expect("blocks in use", 2, env_.must(calls::tree_scan(node_), "scanning"));
    check(Call::tree_scan, "once more", Status::ok, {{node_.value}});
    for (const Slot slot : row_) {
        if (slot != node_) env_.space().give_slot(slot);
    }
}

// Its last nodes go: the extent is one as any.
inline void Probe::close() {
    env_.space().release(reader_);
    libos::disk::drop_node(env_, node_);
    check(Call::extent_open, "closed", Status::ok,
          {{abi::slot_disk.value, extent_.value, name.low, name.high}});
}

inline void Probe::reopen(std::string_view what, Status expected) {
    checks_.expect(what, Status::ok, io_.write(extent_, abi::tree_root, page_root));
    env_.must(libos::code::take_frames_in_a_row(env_, row_), "frames in a row");
    check(Call::tree_open, what, Status::ok, opening_words());
    node_ = row_[0];
    for (const Slot slot : row_) {
        if (slot != node_) env_.space().give_slot(slot);
    }
    reader_ = derived(node_, Rights::read);
    check(Call::tree_scan, what, expected, {{node_.value}});
    if (expected == Status::ok) return;
    check(Call::tree_scan, what, expected, {{node_.value}});
    check(Call::tree_look, what, Status::bad_state, {{node_.value, 1}});
    checks_.expect(what, Status::bad_state, io_.read(node_, 1, page_data));
    close();
}

inline void Probe::damaged() {
    close();
    auto* const entries = io_.as<Owned>(page_root);
    const auto wrong = [&](std::string_view what, const Owned& entry) {
        io_.clear(page_root);
        entries[0] = {5, data};
        entries[1] = entry;
        reopen(what, Status::tree_damaged);
    };
    wrong("two owners", {5, data});
    wrong("the root is owned", {1, list});
    wrong("outside", {blocks, data});
    wrong("outside", {0xffff'ffff, data});
    wrong("no such type", {6, 3});
    io_.clear(page_root);
    entries[3] = {5, data};
    reopen("a whole one", Status::ok);
    const auto look = env_.must(calls::tree_look(node_, 5), "looking");
    checks_.expect("what it owns", abi::tree_root, look.parent);
    check(Call::tree_allocate, "that is not free", Status::block_taken, {{node_.value, 5, 0}});
    close();
}

}  // namespace scenarios::tree

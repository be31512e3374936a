// Part of tree_probe: calls on an open tree, each argument wrong in every way.
#pragma once

#include "libos/code/download.hpp"
#include "libos/code/predicates.hpp"
#include "scenarios/programs/probe_words.hpp"
#include "scenarios/programs/tree/format.hpp"

namespace scenarios::tree {

using libos::rt::Call;
using libos::rt::CapType;
using probe_words::all_ones;
using probe_words::Word;
using probe_words::Words;

class Probe {
public:
    explicit Probe(Environment& env) : env_{env}, io_{env}, checks_{env} {}

    int run() {
        prepare();
        opening();
        wrong_headers();
        wrong_codes();
        unscanned();
        scans();
        allocations();
        releases();
        looks();
        nodes();
        registry();
        reuse();
        depth();
        damaged();
        libos::rt::JsonLine line;
        line.add("checks", checks_.checks()).add("failures", checks_.failures());
        env_.report(line);
        return checks_.failures() == 0 ? 0 : 1;
    }

private:
    static constexpr std::uint32_t blocks = 64;
    static constexpr std::uint32_t frames = abi::tree_frames(blocks);
    static constexpr std::uint32_t page_header = 0, page_root = 1, page_data = 2;
    static constexpr abi::ExtentName name{1, 0};

    void check(Call call, std::string_view what, Status expected, const Words& w) {
        checks_.expect(what, expected, calls::ask(call, w.word[0], w.word[1], w.word[2], w.word[3],
                                                  w.word[4], w.word[5])
                                           .status);
    }
    Slot slot() { return env_.must(env_.space().take_slot(), "a slot"); }
    Slot derived(Slot from, Rights rights) {
        const Slot to = slot();
        env_.must(calls::cap_derive(from, to, rights), "deriving");
        return to;
    }
    // An argument that names a capability; `poor` lacks the right it needs, slot 0: it needs none.
    void named(Call call, std::string_view what, const Words& good, unsigned index, Slot poor) {
        for (const Word beyond : {Word{65536}, Word{0xffff'ffff}, all_ones}) {
            check(call, what, Status::bad_slot, good.with(index, beyond));
        }
        check(call, what, Status::empty_slot, good.with(index, empty_.value));
        for (const Slot other : {abi::slot_account, abi::slot_disk, codes_}) {
            check(call, what, Status::wrong_type, good.with(index, other.value));
        }
        if (poor != Slot{0}) check(call, what, Status::no_right, good.with(index, poor.value));
    }

    // ---- probe_open.hpp
    void prepare();
    void download(Slot to, libos::disk::Function function, abi::CodeKind kind);
    void write_header();
    Words opening_words() const {
        return {{extent_.value, row_[0].value, frames, codes_.value, 0, 0}};
    }
    void opening();
    void wrong_headers();
    void wrong_codes();
    void unscanned();
    void scans();
    void close();
    void reopen(std::string_view what, Status expected);
    void damaged();

    void allocations() {
        constexpr Call call = Call::tree_allocate;
        const Word n = node_.value;
        named(call, "tree_allocate: node", {{n, abi::any_block, 0}}, 0, reader_);
        for (const Word type : {Word{3}, Word{256}, Word{1} << 32, all_ones}) {
            check(call, "no such type", Status::bad_argument, {{n, abi::any_block, type}});
        }
        for (const Word block : {Word{0}, Word{1}, Word{blocks}, Word{1} << 32, all_ones}) {
            check(call, "no such block", Status::bad_argument, {{n, block, 0}});
        }
        for (std::uint32_t i = abi::tree_first_block; i < blocks; ++i) {
            check(call, "each block", Status::ok, {{n, i, 0}});
            check(call, "reserved", Status::block_taken, {{n, i, 0}});
        }
        check(call, "no more", Status::no_blocks, {{n, abi::any_block, 0}});
        for (std::uint32_t i = abi::tree_first_block; i < blocks; ++i) {
            check(Call::tree_release, "each block", Status::ok, {{n, i}});
        }
        check(Call::cap_lend, "a node cannot be lent", Status::wrong_type, {{0, n, 20, 1, 30}});
    }

    void releases() {
        constexpr Call call = Call::tree_release;
        const Word n = node_.value;
        named(call, "tree_release: node", {{n, 2}}, 0, reader_);
        for (const Word block : {Word{0}, Word{1}, Word{2}, Word{blocks}, Word{1} << 32 | 2}) {
            check(call, "not reserved", Status::bad_argument, {{n, block}});
        }
    }

    void looks() {
        constexpr Call call = Call::tree_look;
        named(call, "tree_look: node", {{node_.value, 1}}, 0, Slot{0});
        for (const Word block : {Word{blocks}, Word{1} << 32, all_ones}) {
            check(call, "no such block", Status::bad_argument, {{node_.value, block}});
        }
        const auto root = env_.must(calls::tree_look(reader_, abi::tree_root), "looking");
        checks_.expect("the root's type", 1, root.type);
        checks_.expect("the root is owned", 1, root.state == BlockState::owned ? 1 : 0);
        const auto other = env_.must(calls::tree_look(reader_, 2), "looking");
        checks_.expect("another is free", 1, other.state == BlockState::free ? 1 : 0);
    }

    void nodes() {
        constexpr Call call = Call::tree_node;
        const Word n = node_.value;
        const Word e = empty_.value;
        const Slot poor = derived(node_, Rights::read);
        named(call, "tree_node: node", {{n, e, 1, 1}}, 0, poor);
        check(call, "destination beyond", Status::bad_slot, {{n, 65536, 99, 256}});
        check(call, "destination occupied", Status::occupied_slot, {{n, n, 99, 256}});
        for (const Word block : {Word{0}, Word{2}, Word{blocks}, Word{1} << 32 | 1, all_ones}) {
            check(call, "not owned", Status::bad_argument, {{n, e, block, 1}});
        }
        check(call, "rights beyond all", Status::bad_argument, {{n, e, 1, 256}});
        check(call, "more rights", Status::bad_argument, {{reader_.value, e, 1, 2}});
        check(call, "the same again", Status::ok, {{reader_.value, e, 1, 1}});
        checks_.expect("which reads", Status::ok, io_.read(empty_, 1, page_data));
        checks_.expect("and does not write", Status::no_right, io_.write(empty_, 1, page_data));
        check(Call::cap_delete, "given back", Status::ok, {{0, e}});
        checks_.expect("two blocks with metadata", Status::bad_argument,
                       io_.ask(DiskOp::write, node_, 1, page_data, 2).status);
        checks_.expect("behind the tree", Status::bad_argument,
                       io_.ask(DiskOp::read, node_, blocks - 1, page_data, 2).status);
        env_.space().release(poor);
    }

    void registry() {
        constexpr Call enter = Call::registry_enter;
        constexpr Call find = Call::registry_find;
        const Word n = node_.value;
        const Word f = io_.frame(page_root).value;
        const Word e = empty_.value;
        named(enter, "registry_enter: blocks", {{n, 1, f}}, 0, reader_);
        named(find, "registry_find: blocks", {{n, 1, e}}, 0, derived(node_, Rights::grant));
        for (const Word block : {Word{0}, Word{2}, Word{blocks}, Word{1} << 32 | 1, all_ones}) {
            check(enter, "not its block", Status::bad_argument, {{n, block, f}});
            check(find, "not its block", Status::bad_argument, {{n, block, e}});
        }
        const Slot poor = derived(io_.frame(page_root), Rights::read);
        named(enter, "registry_enter: frame", {{n, 1, f}}, 2, poor);
        check(find, "destination beyond", Status::bad_slot, {{n, 1, 65536}});
        check(find, "destination occupied", Status::occupied_slot, {{n, 1, n}});
        check(find, "nothing", Status::not_cached, {{n, 1, e}});
        const Slot frame = derived(io_.frame(page_root), Rights::all);
        for (unsigned i = 0; i < 2 * abi::registry_own_max; ++i) {
            check(enter, "again and again", Status::ok, {{n, 1, frame.value}});
        }
        check(find, "there", Status::ok, {{reader_.value, 1, e}});
        const auto found = env_.must(calls::cap_identify(empty_), "looking");
        checks_.expect("to be read", static_cast<Word>(Rights::read),
                       static_cast<Word>(found.rights));
        check(Call::cap_revoke, "taken back", Status::ok, {{frame.value}});
        check(Call::cap_derive, "it is gone", Status::empty_slot, {{e, n, 0}});
        env_.space().release(frame);
        check(find, "its frame is gone", Status::not_cached, {{n, 1, e}});
        env_.space().release(poor);
        registry_is_full();
    }

    void registry_is_full() {
        const Word f = io_.frame(page_root).value;
        std::uint32_t block = abi::tree_first_block;
        for (unsigned i = 0; i < abi::registry_own_max; ++i, ++block) {
            env_.must(calls::tree_allocate(node_, data, block), "a block");
            check(Call::registry_enter, "to its own blocks", Status::ok, {{node_.value, block, f}});
        }
        check(Call::registry_enter, "more", Status::over_limit, {{node_.value, 1, f}});
        for (--block; block >= abi::tree_first_block; --block) {
            env_.must(calls::tree_release(node_, block), "releasing");
        }
        check(Call::registry_enter, "not its own any more", Status::ok, {{node_.value, 1, f}});
    }

    // Never a block reused before its pointers are gone.
    void reuse() {
        auto* const entries = io_.as<Owned>(page_root);
        io_.clear(page_root);
        const std::uint32_t block =
            env_.must(libos::disk::put_new(io_, node_, data, page_data), "a block");
        entries[0] = {block, data};
        checks_.expect("owned", Status::ok, io_.write(node_, 1, page_root));
        entries[0] = {};
        checks_.expect("given up", Status::ok,
                       io_.ask(DiskOp::write, node_, 1, page_root).status);
        checks_.expect("still pointed at", Status::block_taken,
                       calls::tree_allocate(node_, data, block));
        checks_.expect("nor readable", Status::bad_argument, io_.read(node_, block, page_data));
        checks_.expect("durable", Status::ok, io_.flush(node_));
        checks_.expect("free", Status::ok, calls::tree_allocate(node_, data, block));
        checks_.expect("written, not durably", Status::ok,
                       io_.ask(DiskOp::write, node_, block, page_data).status);
        entries[0] = {block, data};
        const auto answer = io_.ask(DiskOp::write_fua, node_, 1, page_root);
        checks_.expect("not durable", Status::ownership_refused, answer.status);
        checks_.expect("not durable", abi::detail_of(abi::OwnershipReason::not_durable, block),
                       answer.detail);
        checks_.expect("flushing", Status::ok, io_.flush(node_));
        checks_.expect("durable", Status::ok, io_.write(node_, 1, page_root));
        entries[0] = {};
        checks_.expect("given up", Status::ok, io_.write(node_, 1, page_root));
    }

    // A node reaches so far and no farther; one below it goes on from there.
    void depth() {
        std::uint32_t chain[abi::tree_depth_max + 2] = {abi::tree_root};
        for (std::uint32_t i = abi::tree_depth_max + 1; i > 0; --i) {
            io_.clear(page_data);
            if (i <= abi::tree_depth_max) *io_.as<Owned>(page_data) = {chain[i + 1], list};
            chain[i] = env_.must(libos::disk::put_new(io_, node_, list, page_data), "a block");
        }
        io_.clear(page_root);
        *io_.as<Owned>(page_root) = {chain[1], list};
        checks_.expect("a long chain", Status::ok, io_.write(node_, 1, page_root));
        checks_.expect("the last within reach", Status::ok,
                       io_.read(node_, chain[abi::tree_depth_max], page_data));
        checks_.expect("the next", Status::bad_argument,
                       io_.read(node_, chain[abi::tree_depth_max + 1], page_data));
        const Slot below = slot();
        env_.must(calls::tree_node(node_, below, chain[1], Rights::read), "a node");
        checks_.expect("from below", Status::ok,
                       io_.read(below, chain[abi::tree_depth_max + 1], page_data));
        io_.clear(page_root);
        checks_.expect("all of it given up", Status::ok, io_.write(node_, 1, page_root));
        checks_.expect("a node of what is gone", Status::bad_state,
                       io_.read(below, chain[2], page_data));
        env_.space().release(below);
    }

    Environment& env_;
    BlockIo io_;
    Checks checks_;
    Slot extent_{}, empty_{}, codes_{}, node_{}, reader_{};
    Slot row_[frames] = {};
};

}  // namespace scenarios::tree

// Part of shared_tree: whoever shares the tree and wants what is not its own. It has a part of its
// own, a list, in which it may say of any block that it owns it.
#pragma once

#include "scenarios/programs/tree/format.hpp"

namespace scenarios::tree {

using abi::OwnershipReason;

class Enemy {
public:
    explicit Enemy(Environment& env) : env_{env}, io_{env}, checks_{env} {}

    int run() {
        env_.must(io_.begin(slot_node), "a ring");
        block_ = static_cast<std::uint32_t>(env_.start().argument >> 32);
        io_.clear(page_list);
        find_victim();
        own_blocks();
        others();
        what_is_not_there();
        types();
        itself();
        while_it_is_written();
        nodes();
        registry();
        hoard();
        libos::rt::JsonLine line;
        line.add("part", "enemy")
            .add("checks", checks_.checks())
            .add("failures", checks_.failures());
        env_.report(line);
        return checks_.failures() == 0 ? 0 : 1;
    }

private:
    static constexpr std::uint32_t page_list = 0, page_data = 1, page_found = 2, page_other = 3;

    Owned* list_of(std::uint32_t page) { return io_.as<Owned>(page); }

    // What somebody else never gives up: the heads of the other parts. The tree says how it stands
    // with every block.
    void find_victim() {
        const std::uint32_t blocks = env_.info().extents(0).records[0].count;
        Patience patience{env_, "the others' parts", 200};
        while (victim_ == 0 || owner_ == 0) {
            patience.pause(2'000'000);
            for (std::uint32_t i = abi::tree_first_block; i < blocks; ++i) {
                const BlockLook look = env_.must(calls::tree_look(slot_node, i), "looking");
                if (look.state != BlockState::owned || look.parent != abi::tree_root) continue;
                if (look.type == log) victim_ = i;
                if (look.type == directory) owner_ = i;
            }
        }
    }

    // The list with one entry more is written and refused, or not.
    void write(std::string_view what, const Owned& entry, OwnershipReason reason,
               DiskOp op = DiskOp::write_fua) {
        list_of(page_list)[count_] = entry;
        const auto answer = io_.ask(op, slot_node, block_, page_list);
        if (reason == OwnershipReason::none) {
            checks_.expect(what, Status::ok, answer.status);
            ++count_;
            return;
        }
        checks_.expect(what, Status::ownership_refused, answer.status);
        checks_.expect(what, abi::detail_of(reason, entry.block), answer.detail);
        list_of(page_list)[count_] = {};
    }

    std::uint32_t reserve(std::uint32_t type) {
        return env_.must(calls::tree_allocate(slot_node, type), "a block");
    }
    std::uint32_t put(std::uint32_t type) {
        io_.clear(page_data);
        return env_.must(libos::disk::put_new(io_, slot_node, type, page_data), "a block");
    }
    bool owns(std::uint32_t parent, std::uint32_t block) {
        const BlockLook look = env_.must(calls::tree_look(slot_node, block), "looking");
        return look.state == BlockState::owned && look.parent == parent;
    }

    // What is reserved must be written, and that be durable.
    void own_blocks() {
        const std::uint32_t block = reserve(data);
        checks_.expect("reading what nobody wrote", Status::bad_argument,
                       io_.read(slot_node, block, page_found));
        write("never written", {block, data}, OwnershipReason::not_durable);
        checks_.expect("writing it", Status::ok, io_.write(slot_node, block, page_data));
        write("written", {block, data}, OwnershipReason::none);
        write("twice", {block, data}, OwnershipReason::twice);
        checks_.expect("releasing what is owned", Status::bad_argument,
                       calls::tree_release(slot_node, block));
        checks_.expect("reserving what is owned", Status::block_taken,
                       calls::tree_allocate(slot_node, data, block));
    }

    void others() {
        write("another's log", {victim_, log}, OwnershipReason::not_its_own);
        write("another's directory", {owner_, directory}, OwnershipReason::not_its_own);
        write("its own block", {block_, list}, OwnershipReason::not_its_own);
        for (const std::uint32_t block : {victim_, owner_, abi::tree_root, 0u}) {
            checks_.expect("reading another's", Status::bad_argument,
                           io_.read(slot_node, block, page_found));
            checks_.expect("writing another's", Status::bad_argument,
                           io_.write(slot_node, block, page_found));
            checks_.expect("releasing another's", Status::bad_argument,
                           calls::tree_release(slot_node, block));
        }
        checks_.expect("reserving another's", Status::block_taken,
                       calls::tree_allocate(slot_node, data, victim_));
    }

    void what_is_not_there() {
        write("the header", {0xffff'ffff, data}, OwnershipReason::outside);
        write("the root", {abi::tree_root, list}, OwnershipReason::outside);
        write("behind the tree", {env_.info().extents(0).records[0].count, data},
              OwnershipReason::outside);
    }

    void types() {
        const std::uint32_t block = put(data);
        write("no such type", {block, 5}, OwnershipReason::unknown_type);
        write("no such type", {block, 0xffff'ffff}, OwnershipReason::unknown_type);
        write("data as a list", {block, list}, OwnershipReason::another_type);
        write("data", {block, data}, OwnershipReason::none);
        const std::uint32_t none = reserve(log);
        io_.clear(page_data);
        const auto answer = io_.ask(DiskOp::write_fua, slot_node, none, page_data);
        checks_.expect("no log", Status::ownership_refused, answer.status);
        checks_.expect("no log", abi::detail_of(OwnershipReason::not_its_type, none),
                       answer.detail);
        write("a log that is none", {none, log}, OwnershipReason::not_durable);
        checks_.expect("giving it back", Status::ok, calls::tree_release(slot_node, none));
    }

    // A list that owns itself, or what owns it.
    void itself() {
        const std::uint32_t above = put(list);
        const std::uint32_t below = put(list);
        io_.clear(page_data);
        list_of(page_data)[0] = {above, list};
        auto answer = io_.ask(DiskOp::write_fua, slot_node, above, page_data);
        checks_.expect("itself", abi::detail_of(OwnershipReason::cycle, above), answer.detail);
        list_of(page_data)[0] = {below, list};
        checks_.expect("what is not owned yet may own", Status::ok,
                       io_.write(slot_node, above, page_data));
        list_of(page_data)[0] = {above, list};
        answer = io_.ask(DiskOp::write_fua, slot_node, below, page_data);
        checks_.expect("what owns it", abi::detail_of(OwnershipReason::cycle, above),
                       answer.detail);
        const Slot to = env_.must(env_.space().take_slot(), "a slot");
        checks_.expect("a node of what is only reserved", Status::bad_argument,
                       calls::tree_node(slot_node, to, below, Rights::read));
        env_.space().give_slot(to);
        write("both", {above, list}, OwnershipReason::none);
        checks_.expect("with its own", 1, owns(above, below) ? 1 : 0);
        list_of(page_list)[--count_] = {};
        checks_.expect("given up", Status::ok, io_.write(slot_node, block_, page_list));
        checks_.expect("not owned any more", 0, owns(block_, above) ? 1 : 0);
    }

    // What counts is what the block has when the disk writes it, before the change or after: that
    // is judged, and written.
    void while_it_is_written() {
        const Owned own{put(data), data};
        const Owned others{victim_, log};
        const bool first = change_below(own, others, false);
        const bool second = change_below(others, own, first);
        list_of(page_list)[count_] = own;
        if (!first && !second) {
            checks_.expect("its own", Status::ok, io_.write(slot_node, block_, page_list));
        }
        ++count_;
        expect_on_disk();
    }
    // The list's next entry becomes `after` while the disk is asked to write `before`; one of them
    // is another's. Whether that was written, or `owned` before.
    bool change_below(const Owned& before, const Owned& after, bool owned) {
        Owned& entry = list_of(page_list)[count_];
        entry = before;
        libos::disk::DiskRequest request{};
        request.op = DiskOp::write_fua;
        request.extent = slot_node;
        request.block = block_;
        request.count = 1;
        request.frames[0] = io_.frame(page_list);
        io_.ring().put(request);
        env_.must(io_.ring().submit(), "submitting");
        entry = after;
        const Status status = io_.ring().wait().status;
        if (status != Status::ok) {
            checks_.expect("changed below", Status::ownership_refused, status);
        }
        owned = owned || status == Status::ok;
        entry = !owned ? Owned{} : before.block == victim_ ? after : before;
        expect_on_disk();
        return owned;
    }
    void expect_on_disk() {
        checks_.expect("reading it", Status::ok, io_.read(slot_node, block_, page_found));
        checks_.expect("as it was judged", 0,
                       static_cast<std::uint64_t>(__builtin_memcmp(
                           io_.page(page_list), io_.page(page_found), page_size) != 0));
    }

    void nodes() {
        const Slot to = env_.must(env_.space().take_slot(), "a slot");
        for (const std::uint32_t block : {victim_, owner_, abi::tree_root, 0u, 0xffff'ffffu}) {
            checks_.expect("a node of another's", Status::bad_argument,
                           calls::tree_node(slot_node, to, block, Rights::read));
        }
        const std::uint32_t block = put(list);
        write("a list", {block, list}, OwnershipReason::none);
        checks_.expect("a node of its own", Status::ok,
                       calls::tree_node(slot_node, to, block, Rights::read | Rights::write));
        checks_.expect("up from there", Status::bad_argument, io_.read(to, block_, page_found));
        checks_.expect("there", Status::ok, io_.read(to, block, page_found));
        list_of(page_list)[--count_] = {};
        checks_.expect("given up", Status::ok, io_.write(slot_node, block_, page_list));
        checks_.expect("not there any more", Status::bad_state, io_.read(to, block, page_found));
        // Others may have been quicker.
        const auto again = calls::tree_allocate(slot_node, data, block);
        if (!again.has_value()) checks_.expect("taken by others", Status::block_taken, again);
        checks_.expect("the node is not of that one", Status::bad_state,
                       io_.write(to, block, page_found));
        checks_.expect("nor can it reserve", Status::bad_state, calls::tree_allocate(to, data));
        if (again.has_value()) {
            checks_.expect("given back", Status::ok, calls::tree_release(slot_node, block));
        }
        env_.space().release(to);
    }

    void registry() {
        checks_.expect("caching another's", Status::bad_argument,
                       calls::registry_enter(slot_node, victim_, io_.frame(0)));
        const Slot to = env_.must(env_.space().take_slot(), "a slot");
        checks_.expect("finding another's", Status::bad_argument,
                       calls::registry_find(slot_node, victim_, to));
        checks_.expect("finding its own", Status::not_cached,
                       calls::registry_find(slot_node, block_, to));
        env_.space().give_slot(to);
    }

    // All that is free, and never given back: it is free when this environment is gone.
    void hoard() {
        std::uint32_t blocks = argument(env_, "hoard");
        while (blocks-- != 0 && calls::tree_allocate(slot_node, list).has_value()) continue;
    }

    Environment& env_;
    BlockIo io_;
    Checks checks_;
    std::uint32_t block_ = 0;
    std::uint32_t victim_ = 0, owner_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace scenarios::tree

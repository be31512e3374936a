#include "kernel/disk/tree/ownership.hpp"

#include "kernel/code/object.hpp"
#include "kernel/env/charging.hpp"

namespace kernel::disk::tree {

namespace {

using abi::OwnershipReason;
using abi::Owned;

struct Judged {
    const View& view;
    const Env& env;
    std::uint32_t block;  // whose contents they are
    std::uint32_t top;
    std::uint32_t count;  // of entries
};

OwnershipReason judge_one(const Judged& judged, const Owned& entry) {
    const View& view = judged.view;
    if (entry.block < abi::tree_first_block || entry.block >= view.tree.blocks) {
        return OwnershipReason::outside;
    }
    if (entry.type >= view.tree.types) return OwnershipReason::unknown_type;
    const Block& block = view.blocks[entry.block];
    if ((block.type & marked) != 0) return OwnershipReason::twice;
    const bool kept = block.state == BlockState::owned && block.parent == judged.block;
    if (!kept && !view.reserved_by(block, judged.env)) return OwnershipReason::not_its_own;
    if (block.type != entry.type) return OwnershipReason::another_type;
    if (kept) return OwnershipReason::none;
    if (entry.block == judged.top) return OwnershipReason::cycle;
    return view.durable(block) ? OwnershipReason::none : OwnershipReason::not_durable;
}

void unmark(const View& view, std::uint32_t count) {
    const Owned* const owned = view.owned();
    for (std::uint32_t i = 0; i < count; ++i) {
        if (owned[i].block == 0) continue;
        Block& block = view.blocks[owned[i].block];
        block.type = static_cast<std::uint8_t>(block.type & ~marked);
    }
}

// Marks all that the contents own; nothing where they may not, and `detail` says why.
bool judge(const Judged& judged, std::uint32_t& detail) {
    const Owned* const owned = judged.view.owned();
    for (std::uint32_t i = 0; i < judged.count; ++i) {
        if (owned[i].block == 0) continue;
        const OwnershipReason reason = judge_one(judged, owned[i]);
        if (reason != OwnershipReason::none) {
            detail = abi::detail_of(reason, owned[i].block);
            unmark(judged.view, i);
            return false;
        }
        judged.view.blocks[owned[i].block].type |= marked;
    }
    return true;
}

// What it does not own any more is free when this write, of `epoch`, is durable.
void let_go(const View& view, Block& parent, std::uint32_t epoch) {
    for (std::uint16_t* link = &parent.child; *link != 0;) {
        Block& child = view.blocks[*link];
        if ((child.type & marked) != 0) {
            child.type = static_cast<std::uint8_t>(child.type & ~marked);
            link = &child.next;
            continue;
        }
        *link = child.next;
        child.state = BlockState::leaving;
        child.parent = 0;
        child.next = 0;
        child.epoch = epoch;
        child.generation++;
    }
}

// What is still marked is new.
void take_in(const Judged& judged) {
    const View& view = judged.view;
    const Owned* const owned = view.owned();
    Block& parent = view.blocks[judged.block];
    for (std::uint32_t i = 0; i < judged.count; ++i) {
        Block& block = view.blocks[owned[i].block];
        if (owned[i].block == 0 || (block.type & marked) == 0) continue;
        block.type = static_cast<std::uint8_t>(block.type & ~marked);
        block.state = BlockState::owned;
        block.parent = static_cast<std::uint16_t>(judged.block);
        block.next = parent.child;
        parent.child = static_cast<std::uint16_t>(owned[i].block);
    }
}

}  // namespace

code::Program program_of(const View& view, std::uint32_t type) {
    const abi::TreeProgram& program = view.header().programs[type];
    const auto* units = reinterpret_cast<const code::Instruction*>(view.header().units);
    return {units + program.first, program.units};
}

std::uint64_t run_function(const View& view, std::uint32_t type) {
    CHITIN_ASSERT(type != abi::tree_data && type < view.tree.types);
    mem::Memory& memory = view.system.memory;
    std::byte* const contents = memory.view(abi::address_of(contents_frame(view.tree.self)));
    auto* const owned = reinterpret_cast<std::byte*>(view.owned());
    __builtin_memset(owned, 0, abi::page_size);
    const code::Window windows[] = {{contents, abi::page_size, false},
                                    {owned, abi::page_size, true}};
    alignas(8) std::byte stack[abi::predicate_frames_max * code::frame_bytes];
    return code::run(program_of(view, type), view.tree.compiled[type], windows, stack);
}

std::uint32_t price_of(const View& view, std::uint32_t type) {
    return code::price_of_run(view.tree.steps_max[type], view.system.memory.costs().map);
}

Status write(const View& view, Env& env, const drivers::Request& request, std::uint32_t block,
             std::uint32_t top, std::uint32_t& detail) {
    mem::Memory& memory = view.system.memory;
    const abi::PhysAddr contents = abi::address_of(contents_frame(view.tree.self));
    __builtin_memcpy(memory.view(contents), memory.view(request.pages[0]), abi::page_size);
    Block& written = view.blocks[block];
    env::charge_to(view.system, env, price_of(view, written.type));
    const std::uint64_t count = run_function(view, written.type);
    if (count > abi::tree_owned_max) {
        detail = abi::detail_of(OwnershipReason::not_its_type, block);
        return Status::ownership_refused;
    }
    const Judged judged{view, env, block, top, static_cast<std::uint32_t>(count)};
    if (!judge(judged, detail)) return Status::ownership_refused;
    drivers::Request copied = request;
    copied.pages[0] = contents;
    const Status status = perform(view.disk(), copied);
    if (status != Status::ok) {
        unmark(view, judged.count);
        view.tree.state = TreeState::damaged;
        return status;
    }
    const bool durable = request.op == drivers::Op::write_fua;
    const std::uint32_t epoch = durable ? epoch_durable : view.disk().epoch;
    let_go(view, written, epoch);
    take_in(judged);
    if (written.state == BlockState::reserved) written.epoch = epoch;
    return Status::ok;
}

void data_written(const View& view, std::uint32_t block, std::uint32_t count, bool durable,
                  bool failed) {
    const std::uint32_t epoch = durable ? epoch_durable : view.disk().epoch;
    for (std::uint32_t i = block; i < block + count; ++i) {
        if (view.blocks[i].state != BlockState::reserved) continue;
        view.blocks[i].epoch = failed ? epoch_unwritten : epoch;
    }
}

}  // namespace kernel::disk::tree

// Calls on trees of blocks: open, scan, reserve, name.
#include "kernel/code/object.hpp"
#include "kernel/disk/reach.hpp"
#include "kernel/disk/tree/ownership.hpp"
#include "kernel/disk/tree/scan.hpp"
#include "kernel/disk/tree/space.hpp"
#include "kernel/disk/volume.hpp"
#include "kernel/syscall/call.hpp"
#include "kernel/syscall/compile.hpp"

namespace kernel::syscall {

namespace {

namespace tree = disk::tree;
using tree::TreeState;
using tree::View;

// ---- opening

// The extent is whole, and nothing else lies there. Errors: bad_argument, busy.
Result<void> check_whole(System& system, const Capability& extent) {
    const abi::ExtentRecord* const record = abi::record_of(
        disk::extents_of(system, extent.object), cap::extent_first(extent));
    CHITIN_ASSERT(record != nullptr);
    const std::uint32_t count = cap::extent_count(extent);
    if (record->count != count || count <= abi::tree_first_block || count > abi::tree_blocks_max) {
        return base::error(Status::bad_argument);
    }
    if (record->caps != 1) return base::error(Status::busy);
    return {};
}

// What the programs run for at most, by type. Errors: as find, bad_state, bad_argument.
struct Steps {
    std::uint32_t max[abi::tree_types_max];
};
Result<Steps> check_codes(System& system, const Env& caller, Slot first,
                          const abi::TreeHeader& header) {
    Steps steps{};
    for (std::uint32_t type = 1; type < header.types; ++type) {
        const Slot slot{first.value + type - 1};
        const CapRef ref =
            TRY(env::find(system, caller, slot, CapType::code, Rights::execute));
        auto& code = system.memory.object<code::CodeObject>(system.forest.at(ref).object);
        if (code.state != code::CodeState::ready || code.kind != abi::CodeKind::ownership) {
            return base::error(Status::bad_state);
        }
        const abi::TreeProgram& program = header.programs[type];
        if (code.units != program.units ||
            __builtin_memcmp(code.instructions(), header.units + program.first,
                             program.units * sizeof(code::Instruction)) != 0) {
            return base::error(Status::bad_argument);
        }
        steps.max[type] = code.verdict.steps_max;
    }
    return steps;
}

// ---- nodes

struct Node {
    CapRef ref;
    std::uint32_t block;
    View view;
};

// Errors: as find, bad_state.
Result<Node> find_node(System& system, const Env& caller, Slot slot, Rights rights) {
    const CapRef ref = TRY(env::find(system, caller, slot, CapType::node, rights));
    const Capability& node = system.forest.at(ref);
    const View view = tree::view_of(system, node.object);
    if (view.tree.state != TreeState::ready || !tree::names(view, node.mapping, node.peer)) {
        return base::error(Status::bad_state);
    }
    return Node{ref, node.mapping, view};
}

}  // namespace

Value tree_open(System& system, Env& caller, const Arguments& arguments) {
    const CapRef from =
        TRY(env::find(system, caller, arguments.slot(0), CapType::extent, Rights::manage));
    const Capability extent = system.forest.at(from);
    TRY(check_whole(system, extent));
    const std::uint32_t blocks = cap::extent_count(extent);
    const std::uint32_t frames = abi::tree_frames(blocks);
    const Row row = TRY(find_row(system, caller, arguments.slot(1), arguments.word(2), frames));
    if (row.frames != frames) return base::error(Status::bad_argument);
    const FrameNumber object = system.forest.at(row.first).object;
    const env::TreeBase base{extent.object, cap::extent_first(extent)};
    const Status read = disk::read_block(system, disk::disk_of(system, base.disk), base.first,
                                         tree::header_frame(object));
    if (read != Status::ok) return base::error(read);
    const auto& header = system.memory.object<abi::TreeHeader>(tree::header_frame(object));
    if (!tree::sound(header, blocks)) return base::error(Status::tree_damaged);
    const Steps steps = TRY(check_codes(system, caller, arguments.slot(3), header));

    const CapRef to = row.first;
    system.forest.remove(to);
    system.forest.insert(to, CapType::node, extent.rights, object, extent.parent);
    system.forest.at(to).mapping = abi::tree_root;
    take_row(system, {to, frames}, abi::FrameState::tree);
    const View view = tree::make_tree(system, object, base);
    __builtin_memcpy(view.tree.steps_max, steps.max, sizeof steps.max);
    for (std::uint32_t type = 1; type < view.tree.types; ++type) {
        view.tree.compiled[type] = compile(system, object, tree::program_of(view, type));
    }
    env::forget_extent(system, from);
    system.forest.remove(from);
    env::name_tree(system, base, object);
    system.memory.charge(frames * system.memory.costs().zero_frame);
    return blocks;
}

Value tree_scan(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref =
        TRY(env::find(system, caller, arguments.slot(0), CapType::node, Rights::manage));
    const Capability& node = system.forest.at(ref);
    const View view = tree::view_of(system, node.object);
    if (!tree::names(view, node.mapping, node.peer)) return base::error(Status::bad_state);
    const Status status = tree::scan(view);
    if (status != Status::ok) return base::error(status);
    return view.tree.used;
}

Value tree_allocate(System& system, Env& caller, const Arguments& arguments) {
    const Node node = TRY(find_node(system, caller, arguments.slot(0), Rights::write));
    if (arguments.word(2) >= node.view.tree.types) return base::error(Status::bad_argument);
    const auto type = static_cast<std::uint32_t>(arguments.word(2));
    const std::uint32_t block = TRY(tree::allocate(node.view, caller, arguments.word(1), type));
    system.memory.charge(system.memory.costs().capability);
    return block;
}

Value tree_release(System& system, Env& caller, const Arguments& arguments) {
    const Node node = TRY(find_node(system, caller, arguments.slot(0), Rights::write));
    TRY(tree::release(node.view, caller, arguments.word(1)));
    system.memory.charge(system.memory.costs().capability);
    return 0;
}

Value tree_node(System& system, Env& caller, const Arguments& arguments) {
    const Node node = TRY(find_node(system, caller, arguments.slot(0), Rights::grant));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(1)));
    const std::uint64_t word = arguments.word(2);
    // Not what owns it by way of a block that is reserved: that could come to be owned by it.
    if (word >= node.view.tree.blocks ||
        tree::top_of(node.view, caller, node.block, static_cast<std::uint32_t>(word)) !=
            node.block) {
        return base::error(Status::bad_argument);
    }
    const Rights rights = TRY(fewer(system.forest.at(node.ref), arguments.word(3)));
    const auto block = static_cast<std::uint32_t>(word);
    system.forest.insert(to, CapType::node, rights, node.view.tree.self, node.ref);
    system.forest.at(to).mapping = block;
    system.forest.at(to).peer = node.view.blocks[block].generation;
    system.memory.charge(system.memory.costs().capability);
    return 0;
}

Value tree_look(System& system, Env& caller, const Arguments& arguments) {
    const Node node = TRY(find_node(system, caller, arguments.slot(0), Rights::none));
    const std::uint64_t block = arguments.word(1);
    if (block >= node.view.tree.blocks) return base::error(Status::bad_argument);
    return abi::word_of(tree::look(node.view, static_cast<std::uint32_t>(block)));
}

}  // namespace kernel::syscall

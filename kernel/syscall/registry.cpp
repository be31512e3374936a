// Calls on the registry of cached blocks.
#include "kernel/disk/reach.hpp"
#include "kernel/disk/registry.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

struct Asked {
    FrameNumber disk;
    std::uint32_t block;  // of the disk
};

// Errors: as disk::reach.
Result<Asked> find_block(System& system, const Env& caller, const Arguments& arguments,
                         Rights right) {
    const CapRef ref = TRY(disk::find_blocks(system, caller, arguments.slot(0), right));
    const FrameNumber disk = disk::disk_of_blocks(system, ref);
    const std::uint64_t word = arguments.word(1);
    const auto block = static_cast<std::uint32_t>(word > abi::any_block ? abi::any_block : word);
    const disk::Reach reach =
        TRY(disk::reach(system, disk, caller, arguments.slot(0), right, block, 1));
    return Asked{disk, reach.first};
}

}  // namespace

Value registry_enter(System& system, Env& caller, const Arguments& arguments) {
    const Asked asked = TRY(find_block(system, caller, arguments, Rights::write));
    const CapRef ref = TRY(env::find(system, caller, arguments.slot(2), CapType::frame,
                                     Rights::read | Rights::grant));
    const FrameNumber frame = system.forest.at(ref).object;
    if (system.elsewhere(frame)) return base::error(Status::other_core);
    TRY(disk::enter(system, asked.disk,
                    {asked.block, frame, arguments.slot(2), arguments.slot(0),
                     static_cast<std::uint32_t>(arguments.word(1)), caller.id,
                     system.info(caller).serial, 0}));
    system.memory.charge(system.memory.costs().capability);
    return 0;
}

Value registry_find(System& system, Env& caller, const Arguments& arguments) {
    const Asked asked = TRY(find_block(system, caller, arguments, Rights::read));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(2)));
    const abi::CachedBlock* const cached = disk::find_cached(system, asked.disk, asked.block);
    if (cached == nullptr) return base::error(Status::not_cached);
    const Env& owner = system.env(system.envs[cached->env.value]);
    const CapRef from = *env::slot_of(owner, cached->slot);
    system.forest.insert(to, CapType::frame, Rights::read, cached->frame, from);
    system.memory.charge(system.memory.costs().capability);
    return cached->env.value;
}

}  // namespace kernel::syscall

#include "kernel/env/creation.hpp"

#include <cstring>
#include <new>

#include "kernel/env/holdings.hpp"
#include "kernel/trace/history.hpp"

namespace kernel::env {

Result<EnvId> free_id(const System& system) {
    for (std::uint16_t id = 1; id < abi::environments_max; ++id) {
        if (system.envs[id].value == 0) return EnvId{id};
    }
    return base::error(Status::no_environments);
}

void extend_table(System& system, Env& env, FrameNumber frame) {
    CHITIN_ASSERT(env.table_frame_count < abi::env_table_frames_max);
    system.memory.retype(frame, abi::FrameState::cap_table, env.self);
    system.memory.frame(frame).entries = env.table_frame_count;  // its place in the table
    std::memset(system.memory.view(abi::address_of(frame)), 0, abi::page_size);
    env.table_frames[env.table_frame_count++] = frame;
}

Env& create(System& system, EnvId id, const EnvFrames& frames, FrameNumber account,
            EnvId creator) {
    mem::Memory& memory = system.memory;
    memory.retype(frames.object, abi::FrameState::env, frames.object);
    memory.retype(frames.root, abi::FrameState::root, frames.object);
    std::memset(memory.view(abi::address_of(frames.object)), 0, abi::page_size);
    std::memset(memory.view(abi::address_of(frames.root)), 0, abi::page_size);
    system.core.prepare_root(std::span<std::uint64_t, x86::entries_per_table>{
        &memory.object<std::uint64_t>(frames.root), x86::entries_per_table});

    Env& env = memory.object<Env>(frames.object);
    env.self = frames.object;
    env.root = frames.root;
    env.account = account;
    env.id = id;
    env.creator = creator;
    env.info = &system.infos[id.value];
    env.wake = abi::never;
    extend_table(system, env, frames.table);
    system.forest.insert(cap::ref_of(frames.table, 0), CapType::environment, Rights::manage,
                         frames.object, cap::no_cap);
    system.core.fp_reset(env.context);

    system.envs[id.value] = frames.object;
    EnvInfo& info = *env.info;
    info = EnvInfo{};
    info.state = EnvState::embryo;
    info.creator = creator;
    info.serial = system.serials++;
    info.account = account;
    info.history_hash = trace::history_seed;
    memory.bind_account(account, frames.object, id);
    return env;
}

}  // namespace kernel::env

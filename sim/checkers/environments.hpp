// Environments: each environment's record on every core, and the object behind it.
//
// Only what can be reached safely is told: records and objects are the kernel's, but a checker
// trusts no number that leads out of the memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kernel/abi/info.hpp"
#include "kernel/env/env.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/mem/account.hpp"

namespace sim::checkers {

// The frame `name` as a T; null where it is not in the pool.
template <class T>
const T* frame_as(std::span<const std::byte> pool, kernel::abi::FrameNumber name) {
    const std::uint64_t offset =
        std::uint64_t{name.value - kernel::machine::pool_first.value} * kernel::abi::page_size;
    if (offset + kernel::abi::page_size > pool.size()) return nullptr;
    return reinterpret_cast<const T*>(pool.data() + offset);
}

// The object of the environment whose record that is; null: it is bound to no account (any more).
inline const kernel::env::Env* object_of(std::span<const std::byte> pool,
                                         const kernel::abi::EnvInfo& info, std::uint32_t id) {
    const auto* account = frame_as<kernel::mem::Account>(pool, info.account);
    if (account == nullptr || account->bound.value == 0) return nullptr;
    const auto* env = frame_as<kernel::env::Env>(pool, account->bound);
    return env != nullptr && env->id.value == id && account->bound_id == env->id ? env : nullptr;
}

// `each(core, id, info)`, in that order, of all that are there. `pool` as of verify_conservation.
template <class Each>
void each_environment(std::span<const std::byte> pool, Each&& each) {
    using kernel::abi::EnvInfo;
    const auto first = kernel::machine::pool_first;
    const auto* system = frame_as<kernel::abi::SystemInfo>(pool, first);
    if (system == nullptr || system->magic != kernel::abi::system_info_magic) return;
    const auto cores = std::min<std::uint32_t>(system->cores, kernel::abi::cores_max);
    constexpr std::uint32_t per_page = kernel::abi::page_size / sizeof(EnvInfo);
    for (std::uint32_t core = 0; core < cores; ++core) {
        const std::uint32_t part = first.value + core * system->pool_frames;
        const auto* own = frame_as<kernel::abi::SystemInfo>(pool, kernel::abi::FrameNumber{part});
        if (own == nullptr || own->magic != kernel::abi::system_info_magic) continue;
        for (std::uint32_t id = 0; id < kernel::abi::environments_max; ++id) {
            const kernel::abi::FrameNumber name{part + 2 + id / per_page};
            const auto* page = frame_as<EnvInfo>(pool, name);
            if (page == nullptr) return;
            const EnvInfo& info = page[id % per_page];
            if (info.state != kernel::abi::EnvState::none) each(core, id, info);
        }
    }
}

// Has that core's root environment not ended? If it has, nothing runs there any more.
inline bool core_runs(std::span<const std::byte> pool, std::uint32_t which) {
    bool runs = false;
    each_environment(pool, [&](std::uint32_t core, std::uint32_t,
                               const kernel::abi::EnvInfo& info) {
        const bool root = core == which && info.creator == kernel::abi::no_env;
        const bool over = info.state == kernel::abi::EnvState::ended ||
                          info.state == kernel::abi::EnvState::dying;
        runs = runs || (root && !over);
    });
    return runs;
}

// `core 1: environment 3`, or without the core where there is one.
inline std::string environment_name(std::uint32_t core, std::uint32_t id, bool several) {
    return (several ? "core " + std::to_string(core) + ": " : "") + "environment " +
           std::to_string(id);
}

}  // namespace sim::checkers

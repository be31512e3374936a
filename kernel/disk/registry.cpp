#include "kernel/disk/registry.hpp"

#include "kernel/disk/reach.hpp"
#include "kernel/env/holdings.hpp"

namespace kernel::disk {

namespace {

using abi::CachedBlock;

// Is it still so? What is not is forgotten.
bool holds(System& system, FrameNumber object, CachedBlock& entry) {
    const FrameNumber name = system.envs[entry.env.value];
    if (entry.frame.value == 0) return false;
    bool so = name.value != 0;
    if (so) {
        const Env& env = system.env(name);
        const abi::EnvInfo& info = system.info(env);
        const auto frame = env::find(system, env, entry.slot, abi::CapType::frame,
                                     Rights::read | Rights::grant);
        const auto blocks =
            reach(system, object, env, entry.blocks, Rights::write, entry.asked, 1);
        so = info.serial == entry.serial && info.state != abi::EnvState::dying &&
             frame.has_value() && system.forest.at(*frame).object == entry.frame &&
             blocks.has_value() && blocks->first == entry.block;
    }
    if (!so) entry = CachedBlock{};
    return so;
}

}  // namespace

Result<void> enter(System& system, FrameNumber object, const CachedBlock& entry) {
    CachedBlock* place = nullptr;
    std::uint32_t own = 0;
    for (CachedBlock& other : registry_of(system, object).entries) {
        if (!holds(system, object, other)) {
            if (place == nullptr) place = &other;
            continue;
        }
        if (other.env != entry.env) continue;
        own++;
        if (other.block == entry.block) {
            other = entry;
            return {};
        }
    }
    if (own >= abi::registry_own_max) return base::error(Status::over_limit);
    if (place == nullptr) return base::error(Status::busy);
    *place = entry;
    return {};
}

const CachedBlock* find_cached(System& system, FrameNumber object, std::uint32_t block) {
    for (CachedBlock& entry : registry_of(system, object).entries) {
        if (entry.block == block && holds(system, object, entry)) return &entry;
    }
    return nullptr;
}

}  // namespace kernel::disk

#include "kernel/env/destruction.hpp"

#include "kernel/env/holdings.hpp"
#include "kernel/env/revocation.hpp"
#include "kernel/env/running.hpp"
#include "kernel/env/slices.hpp"
#include "kernel/env/transfer.hpp"

namespace kernel::env {

namespace {

// What is deleted in which pass over the table: children first, then what is mapped, then page
// tables from the leaves up, accounts last, because all the others are charged to them.
enum Pass : std::uint32_t { children, memory, tables_1, tables_2, tables_3, accounts, done };

constexpr std::uint32_t slots_per_step = 2048;

bool belongs_to(System& system, const Capability& capability, std::uint32_t pass) {
    switch (capability.type) {
        case CapType::environment:
            return pass == children;
        case CapType::table:
            return system.memory.frame(capability.object).level + memory == pass;
        case CapType::account:
            return pass == accounts;
        default:
            return pass == memory;
    }
}

// The environments that wait for one another in one destruction, one bit an EnvId.
struct Chain {
    std::uint64_t bits[abi::environments_max / 64] = {};

    bool has(EnvId id) const { return (bits[id.value / 64] >> id.value % 64 & 1) != 0; }
    void add(EnvId id) { bits[id.value / 64] |= std::uint64_t{1} << id.value % 64; }
};

// Is `ref` the last capability, its own slot 0 apart, of an environment outside `chain`? (Two
// that hold each other's last capability would wait for one another forever.)
bool dooms(System& system, const Chain& chain, CapRef ref) {
    const Capability& capability = system.forest.at(ref);
    return capability.type == CapType::environment && !system.elsewhere(capability.object) &&
           system.memory.frame(capability.object).caps <= 2 &&
           !chain.has(system.env(capability.object).id);
}

// Deletes what `pass` deletes, from where the last step stopped. Returns the environment to be
// destroyed first if it meets one; sets `finished` at the end of the table.
FrameNumber sweep(System& system, Env& env, const Chain& chain, std::uint32_t& steps,
                  bool& finished) {
    Destruction& at = env.destruction;
    finished = false;
    for (std::uint32_t visited = 0; visited < slots_per_step; ++visited) {
        if (at.slot == env.slots()) {
            finished = true;
            return FrameNumber{0};
        }
        const CapRef ref = *slot_of(env, Slot{at.slot});
        const Capability& capability = system.forest.at(ref);
        if (capability.type != CapType::none && at.slot != 0 &&
            belongs_to(system, capability, at.pass)) {
            if (dooms(system, chain, ref)) return capability.object;
            if (capability.type == CapType::table && !revoke(system, ref, steps)) break;
            if (!erase(system, ref, steps)) break;
        }
        ++at.slot;
    }
    return FrameNumber{0};
}

void release_frames(System& system, Env& env) {
    const FrameNumber account = env.account;
    mem::Account& payer = system.memory.account(account);
    if (payer.bound == env.self) system.memory.bind_account(account, FrameNumber{0}, abi::no_env);
    forget_requester(system, env.id);
    forget_owner(system, env);
    EnvInfo& info = system.info(env);
    info.state = EnvState::none;
    system.events += info.history_events;
    info.frames_used = payer.held;
    system.core.env_ended(env.id, info);
    system.envs[env.id.value] = FrameNumber{0};
    if (system.loaded == env.self) system.loaded = FrameNumber{0};
    for (std::uint32_t i = env.table_frame_count; i-- > 0;) {
        forget_frame(system, env.table_frames[i]);
    }
    forget_frame(system, env.root);
    forget_frame(system, env.self);
}

// One step of `env` alone; the environment to be destroyed before it, if it met one.
FrameNumber step(System& system, Env& env, Chain& chain, CapRef keep, bool& gone) {
    std::uint32_t steps = steps_per_call;
    if (system.info(env).state != EnvState::dying) {
        break_transfers(system, env);
        stop(system, env, EnvState::dying);
    }
    gone = false;
    chain.add(env.id);
    while (env.destruction.pass != done) {
        bool finished = false;
        const FrameNumber first = sweep(system, env, chain, steps, finished);
        if (first.value != 0 || !finished) return first;
        env.destruction.slot = 0;
        env.destruction.pass++;
    }
    if (!unname(system, env.self, keep, false, steps)) return FrameNumber{0};
    release_frames(system, env);
    gone = true;
    return FrameNumber{0};
}

}  // namespace

bool destroy_step(System& system, Env& env, CapRef by) {
    Env* victim = &env;
    Chain chain;
    for (std::uint32_t depth = 0; depth < abi::environments_max; ++depth) {
        bool gone = false;
        const FrameNumber first = step(system, *victim, chain, by, gone);
        if (first.value == 0) return gone && victim == &env;
        victim = &system.env(first);
    }
    return false;
}

}  // namespace kernel::env

// spawn: another environment, made entirely by the libOS out of frames and capabilities.
//
// What it costs: one frame of the parent's account for the child's account object; everything
// else (three objects, page tables, stack) is charged to the child's own account, so a child
// with a limit of under `spawn_frames_min` cannot start.
//
// The child finds its capabilities where kernel/abi/start.hpp says. Of an account with a limit it
// may only allocate: who may make sub-accounts, as a fork does, may also raise that limit. One
// without a limit also has the core's cycle, as far as its parent has it. Its space slot has the
// number of its EnvId.
#pragma once

#include "libos/rt/environment.hpp"

namespace libos::rt {

inline constexpr std::uint32_t spawn_frames_min = 96;

struct SpawnOptions {
    std::string_view program;
    std::uint32_t limit_frames;
    std::uint32_t guarantee_frames = 0;
    std::uint32_t env_record = no_env_record;
    std::uint64_t argument = 0;
    Rights account_rights = Rights::allocate;
    Rights console_rights = Rights::write | Rights::grant;
    Slot extent{};  // of the creator's, for the child to use as it likes; slot 0: none
};

struct Child {
    Slot env;
    Slot account;
    kernel::abi::EnvId id;
};

// Errors: bad_argument (no such program), and those of the calls. What was made is undone.
Result<Child> spawn(Environment& environment, const SpawnOptions& options);

// The options an EnvRecord asks for. A limit of 0 is all of the pool; a child whose limit is the
// whole pool gets all rights on its account.
SpawnOptions options_of(Environment& environment, std::uint32_t env_record);

bool ended(Environment& environment, const Child& child);
// Waits for its end. Its exit code, or exit_panic where it did not end by itself.
std::uint32_t wait(Environment& environment, const Child& child);
// Takes back everything it has, its account included.
void destroy(Environment& environment, const Child& child);

}  // namespace libos::rt

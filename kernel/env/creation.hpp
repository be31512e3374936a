// Creation: making an environment out of three frames that somebody paid for.
#pragma once

#include "kernel/env/system.hpp"

namespace kernel::env {

struct EnvFrames {
    FrameNumber object;
    FrameNumber table;
    FrameNumber root;
};

// A free EnvId. Errors: no_environments.
Result<EnvId> free_id(const System& system);
// Makes the frames (user memory named by no capability, or only by the one that will name the
// environment) an embryo environment bound to `account`, with its slot 0 filled.
Env& create(System& system, EnvId id, const EnvFrames& frames, FrameNumber account,
            EnvId creator);
// Adds a frame of slots to its table.
void extend_table(System& system, Env& env, FrameNumber frame);

}  // namespace kernel::env

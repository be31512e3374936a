#pragma once

/// What a mount chooses: a policy of each family, by its place in the family's list.

#include "libos/fs/choice/allocation.hpp"
#include "libos/fs/choice/read_ahead.hpp"
#include "libos/fs/choice/write_back.hpp"
#include "libos/policy/any_replacement.hpp"

namespace libos::fs::choice {

/// Of a block cache.
struct CacheChoices {
    Index replacement = policy::AnyReplacement::lru;
    Index write_back = 0;  ///< at-sync
    Index read_ahead = AnyReadAhead::doubling;
    WriteBackSettings settings{};
};

}  // namespace libos::fs::choice

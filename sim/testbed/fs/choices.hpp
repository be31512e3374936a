#pragma once

/// A mount's policies by name (libos/fs/choice).

#include "libos/fs/choice/choices.hpp"
#include "sim/testbed/fs/format.hpp"

namespace sim::testbed::fs {

struct Choices {
    libos::fs::choice::CacheChoices cache;
    libos::fs::choice::Index allocation;
};

/// What `options` names, and the format's own `choices` where it names nothing. Errors: one
/// sentence, with the names that there are.
std::expected<Choices, std::string> choices_of(const OpenOptions& options, Choices choices);

/// What a format leaves open.
struct Has {
    bool cleaner = false;
    bool space = false;   ///< it writes in place, or allocates
    bool commit = false;
};
/// Error: the format has none of what `options` names.
std::expected<void, std::string> check_families(const OpenOptions& options, Has has);

}  // namespace sim::testbed::fs

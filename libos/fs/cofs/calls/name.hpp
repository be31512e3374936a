#pragma once

/// What a name may be.

#include <string_view>

#include "libos/fs/cofs/layout.hpp"

namespace libos::fs::cofs {

/// Error::invalid, Error::name_too_long.
inline Result<void> check_name(std::string_view name) {
    if (name.empty() || name == "." || name == "..") return error(Error::invalid);
    for (const char c : name) {
        if (c == '/' || c == '\0') return error(Error::invalid);
    }
    if (name.size() > name_max) return error(Error::name_too_long);
    return {};
}

}  // namespace libos::fs::cofs

#pragma once

/// What a name may be, of a file and of an extended attribute.

#include <string_view>

#include "libos/fs/error.hpp"

namespace libos::fs::posix {

inline constexpr std::size_t name_max = 255;  ///< bytes

/// Error::invalid, Error::name_too_long.
inline Result<void> check_name(std::string_view name) {
    if (name.empty() || name == "." || name == "..") return error(Error::invalid);
    for (const char c : name) {
        if (c == '/' || c == '\0') return error(Error::invalid);
    }
    if (name.size() > name_max) return error(Error::name_too_long);
    return {};
}

/// What Linux says of attributes' names that are none: Error::range, Error::invalid.
inline Result<void> check_attribute_name(std::string_view name) {
    if (name.empty() || name.size() > name_max) return error(Error::range);
    for (const char c : name) {
        if (c == '\0') return error(Error::invalid);
    }
    return {};
}

}  // namespace libos::fs::posix
